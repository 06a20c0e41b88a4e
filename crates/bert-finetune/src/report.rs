pub(crate) mod curves;
pub(crate) mod events;
pub(crate) mod messages;
pub(crate) mod outputs;
pub(crate) mod tensorboard;
pub(crate) mod timing;
