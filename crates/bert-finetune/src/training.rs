pub(crate) mod loss;
pub(crate) mod trainer;
pub(crate) mod evaluation;
