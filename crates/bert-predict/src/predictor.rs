//! Predictor: a model that is ready to predict.

use bert::{Classifier, ClassifierFolder, TextRequest, argmax, attribute_texts};
use corpus::tokenizer::{Encodings, Tokenizer};
use run_files::attribution::token_contributions;
use stage::Verification;

use crate::answer::Attribution;
use crate::settings::Settings;

/// A model that is ready to predict.
pub(crate) struct Predictor<'a> {
    pub(crate) settings: &'a Settings,
    classifier: Classifier,
    /// Spells the tokens of attributions, where these are requested.
    spelling: Option<Tokenizer>,
}

/// What the model says of the texts of a window.
pub(crate) struct Predicted {
    /// `(n_texts, n_outputs)`
    pub(crate) logits: Vec<f32>,
    /// `(n_texts)`, or nothing where nobody asked.
    pub(crate) attributions: Vec<Attribution>,
}

impl<'a> Predictor<'a> {
    /// Loads the weights, which are hashed meanwhile: those of a run or an export have to be what its stage wrote.
    ///
    /// # Errors
    /// Fails when they are not, cannot be read, or libtorch is missing or broken.
    pub(crate) fn load(settings: &'a Settings, classifier: ClassifierFolder) -> anyhow::Result<Self> {
        let weights = classifier.folder.weight_files()?;
        let verifications: Vec<Verification> = weights.iter().map(|(_, path)| Verification::begin(path)).collect();
        let classifier = classifier.load(settings.compute)?;
        classifier.remarks.iter().for_each(|remark| stage::say(&format!("bert-predict: {remark}")));
        verifications.into_iter().try_for_each(Verification::finish)?;
        let spelling =
            settings.attributions.then(|| Tokenizer::open(&classifier.folder.path, usize::MAX)).transpose()?;
        Ok(Self { settings, classifier, spelling })
    }

    /// What the model says of texts.
    ///
    /// # Errors
    /// Fails when a kernel does.
    pub(crate) fn predict(&self, encodings: &Encodings) -> anyhow::Result<Predicted> {
        let rows: Vec<&[i32]> = encodings.rows().collect();
        let logits = self.classifier.logits(&rows, |_| ())?;
        let logits = self.settings.pooling.pool(&logits, self.settings.decoding.names.len(), &encodings.window_offsets);
        let attributions = match &self.spelling {
            Some(tokenizer) => self.attributions(encodings, &rows, &logits, tokenizer)?,
            None => Vec::new(),
        };
        Ok(Predicted { logits, attributions })
    }

    /// What the tokens of each text contribute to its largest logit.
    fn attributions(
        &self,
        encodings: &Encodings,
        rows: &[&[i32]],
        logits: &[f32],
        tokenizer: &Tokenizer,
    ) -> anyhow::Result<Vec<Attribution>> {
        let outputs: Vec<usize> = logits.chunks(self.settings.decoding.names.len()).map(argmax).collect();
        let request =
            |(text, &output): (usize, &usize)| TextRequest { windows: rows[encodings.windows(text)].to_vec(), output };
        let requests = outputs.iter().enumerate().map(request).collect();
        let found = attribute_texts(&self.classifier, self.settings.pooling, requests, |_| ())?;
        let attributed = outputs.iter().zip(found).map(|(&output, text)| Attribution {
            output,
            tokens: token_contributions(tokenizer.spelled(&text.input_ids), text.contributions),
        });
        Ok(attributed.collect())
    }
}
