//! Classifier for inference: a fine-tuned model folder in, logits and the names of the outputs out.

use std::path::Path;

use checkpoint::{ModelFolder, OutputKind, Outputs};
use tch::Device;

use crate::device::Compute;
use crate::error::BertError;
use crate::infer::infer;
use crate::load::load;
use crate::model::Model;

/// A model folder with a classifier, and what its outputs mean; its weights are not read yet.
#[derive(Debug)]
pub struct ClassifierFolder {
    /// The folder.
    pub folder: ModelFolder,
    /// What the outputs mean.
    pub outputs: Outputs,
}

impl ClassifierFolder {
    /// Opens a folder that `bert-finetune` or `bert-export` wrote, or any fine-tuned BERT.
    ///
    /// # Errors
    /// Fails when the folder is not whole, has no classifier, or its config speaks of other outputs.
    pub fn open(path: &Path) -> Result<Self, BertError> {
        let folder = ModelFolder::open(path)?;
        let Some(outputs) = folder.outputs()? else {
            let hidden_size = folder.config.hidden_size;
            return Err(BertError::Unavailable(format!(
                "{}: its weights have no classifier.weight [n, {hidden_size}] with a classifier.bias [n]; is the model fine-tuned \
                 for sequence classification?",
                path.display()
            )));
        };
        Ok(Self { folder, outputs })
    }

    /// Loads libtorch and the weights.
    ///
    /// # Errors
    /// Fails when weights are missing or cannot be read, and where libtorch is missing or broken.
    pub fn load(self, compute: Compute) -> Result<Classifier, BertError> {
        let Self { folder, outputs: Outputs { names: output_names, kind: output_kind, remark } } = self;
        compute.load_libtorch()?;
        // With the seed unused: whatever would have to be drawn makes the folder unusable.
        let (parameters, report) = load(&folder, output_names.len(), 0, compute.device)?;
        if let Some(name) = report.new.first() {
            let shown = folder.path.display();
            return Err(BertError::Unavailable(format!(
                "{shown}: its weights have no {name}; is the model fine-tuned?"
            )));
        }
        let remarks = report.remarks.into_iter().chain(remark).collect();
        let model = tch::no_grad(|| Model::new(parameters, &folder.config, compute.precision))?;
        Ok(Classifier { folder, output_names, output_kind, remarks, model, compute })
    }
}

/// A fine-tuned model that is ready to predict.
#[derive(Debug)]
pub struct Classifier {
    /// The folder.
    pub folder: ModelFolder,
    /// The name of each output; a single one may be a score.
    pub output_names: Vec<String>,
    /// How a prediction is made of the outputs.
    pub output_kind: OutputKind,
    /// What has to be said of the folder.
    pub remarks: Vec<String>,
    model: Model,
    compute: Compute,
}

impl Classifier {
    /// [`ClassifierFolder::open`] and [`ClassifierFolder::load`].
    ///
    /// # Errors
    /// As they do.
    pub fn open(path: &Path, compute: Compute) -> Result<Self, BertError> {
        ClassifierFolder::open(path)?.load(compute)
    }

    /// The threads of the CPU that it was opened for.
    pub fn threads(&self) -> u32 {
        self.compute.threads
    }

    pub(crate) fn device(&self) -> Device {
        self.compute.device
    }

    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    /// Whether it predicts a score and not a class.
    pub fn is_regression(&self) -> bool {
        self.output_kind == OutputKind::Score
    }

    /// The logits of `sentences`, one number for each output, in their order; see [`infer`].
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub fn logits(&self, sentences: &[&[i32]], progress: impl FnMut(usize)) -> Result<Vec<f32>, BertError> {
        infer(&self.model, sentences, self.output_names.len(), progress)
    }
}

/// The index of the largest number, the first of equals.
pub fn argmax<T: PartialOrd>(row: &[T]) -> usize {
    let better = |best: usize, index: usize| if row[index] > row[best] { index } else { best };
    (1..row.len()).fold(0, better)
}
