pub(crate) mod evaluation;
pub(crate) mod loss;
pub(crate) mod trainer;
