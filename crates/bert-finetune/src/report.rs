pub(crate) mod events;
pub(crate) mod messages;
pub(crate) mod timing;
pub(crate) mod tensorboard;
pub(crate) mod curves;
pub(crate) mod outputs;
