//! TF-IDF: how often a text has a word, weighted by how few texts have it, each text scaled to length 1; scikit-learn's
//! `TfidfVectorizer()` with its defaults (`smooth_idf=True`, `norm="l2"`).

use std::collections::HashMap;

use ahash::RandomState;

use crate::words::words;

/// The features of texts, row after row.
#[derive(Clone, Debug)]
pub(crate) struct SparseRows {
    /// Where each row begins; one more than there are rows.
    offsets: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
    pub(crate) n_features: usize,
}

impl SparseRows {
    pub(crate) fn n_rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The features that a row has, and their values.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> {
        let range = self.offsets[row]..self.offsets[row + 1];
        let (indices, values) = (&self.indices[range.clone()], &self.values[range]);
        indices.iter().zip(values).map(|(&index, &value)| (index as usize, f64::from(value)))
    }
}

/// The vocabulary of the training texts with the weight of each feature.
#[derive(Clone, Debug)]
pub(crate) struct TfIdf {
    vocabulary: HashMap<Box<str>, u32, RandomState>,
    idf: Vec<f64>,
}

impl TfIdf {
    /// Learns the vocabulary of `texts`, and gives their rows.
    pub(crate) fn fit<S: AsRef<str>>(texts: &[S]) -> (Self, SparseRows) {
        let mut vocabulary: HashMap<Box<str>, u32, RandomState> = HashMap::default();
        let mut rows = counted(texts, |feature| match vocabulary.get(feature) {
            Some(&index) => Some(index),
            None => {
                let index = vocabulary.len() as u32;
                vocabulary.insert(feature.into(), index);
                Some(index)
            }
        });
        let mut n_texts_with = vec![0.0; vocabulary.len()];
        rows.indices.iter().for_each(|&index| n_texts_with[index as usize] += 1.0);
        let n = texts.len() as f64;
        let idf = n_texts_with.iter().map(|with| ((1.0 + n) / (1.0 + with)).ln() + 1.0).collect();
        let tf_idf = Self { vocabulary, idf };
        tf_idf.weigh(&mut rows);
        (tf_idf, rows)
    }

    /// The rows of other texts; features that the training texts did not have are left out.
    pub(crate) fn transform<S: AsRef<str>>(&self, texts: &[S]) -> SparseRows {
        let mut rows = counted(texts, |feature| self.vocabulary.get(feature).copied());
        self.weigh(&mut rows);
        rows
    }

    fn weigh(&self, rows: &mut SparseRows) {
        rows.n_features = self.idf.len();
        for row in 0..rows.n_rows() {
            let range = rows.offsets[row]..rows.offsets[row + 1];
            let weight = |(index, count): (&u32, &f32)| f64::from(*count) * self.idf[*index as usize];
            let pairs = rows.indices[range.clone()].iter().zip(&rows.values[range.clone()]);
            let weighted: Vec<f64> = pairs.map(weight).collect();
            let length = weighted.iter().map(|value| value * value).sum::<f64>().sqrt();
            for (value, weighted) in rows.values[range].iter_mut().zip(weighted) {
                *value = (weighted / length) as f32;
            }
        }
    }
}

/// How often each text has each feature, by ascending index.
fn counted<S: AsRef<str>>(texts: &[S], mut index_of: impl FnMut(&str) -> Option<u32>) -> SparseRows {
    let mut rows = SparseRows { offsets: vec![0], indices: Vec::new(), values: Vec::new(), n_features: 0 };
    let mut of_text = Vec::new();
    for text in texts {
        of_text.clear();
        words(text.as_ref(), |feature| of_text.extend(index_of(feature)));
        of_text.sort_unstable();
        for same in of_text.chunk_by(|left, right| left == right) {
            rows.indices.push(same[0]);
            rows.values.push(same.len() as f32);
        }
        rows.offsets.push(rows.indices.len());
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expectations are those of scikit-learn 1.9.
    #[test]
    fn agrees_with_scikit_learn() {
        let (tf_idf, rows) = TfIdf::fit(&["good good film", "bad film", "film"]);
        let values = |rows: &SparseRows, row| rows.row(row).collect::<Vec<_>>();
        let [(0, good), (1, film)] = values(&rows, 0)[..] else { panic!("two features") };
        assert!((good - 0.959_055_88).abs() < 1e-6 && (film - 0.283_216_92).abs() < 1e-6, "{good} {film}");
        assert_eq!(values(&rows, 2), [(1, 1.0)]);
        let other = tf_idf.transform(&["bad unknown", "nothing"]);
        assert_eq!((values(&other, 0), values(&other, 1), other.n_features), (vec![(2, 1.0)], vec![], 3));
    }
}
