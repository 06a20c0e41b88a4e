pub(crate) mod loop_state;
pub(crate) mod run;
pub(crate) mod train;
