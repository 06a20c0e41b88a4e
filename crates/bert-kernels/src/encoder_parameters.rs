//! The parameters of a BERT encoder by name: one struct for the tensors, their gradients, their sizes, their pointers.
//!
//! The fields are in the order of PyTorch's `named_parameters()`, with the query, key and value of a layer as one matrix
//! `(3 hidden, hidden)`; [`EncoderParameters::iter`] and [`EncoderParameters::map`] go in this order.

/// A linear layer: `y = x weight^T + bias`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinearParameters<T> {
    /// `(out_features, in_features)`.
    pub weight: T,
    /// `(out_features)`.
    pub bias: T,
}

/// A layer normalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerNormParameters<T> {
    /// `(hidden)`.
    pub weight: T,
    /// `(hidden)`.
    pub bias: T,
}

/// One layer of the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerParameters<T> {
    /// Query, key and value below each other: `(3 hidden, hidden)`.
    pub query_key_value: LinearParameters<T>,
    /// `attention.output.dense`: `(hidden, hidden)`.
    pub attention_output: LinearParameters<T>,
    /// `attention.output.LayerNorm`.
    pub attention_layer_norm: LayerNormParameters<T>,
    /// `intermediate.dense`: `(intermediate, hidden)`.
    pub intermediate: LinearParameters<T>,
    /// `output.dense`: `(hidden, intermediate)`.
    pub output: LinearParameters<T>,
    /// `output.LayerNorm`.
    pub output_layer_norm: LayerNormParameters<T>,
}

/// The embeddings and the layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderParameters<T> {
    /// `(vocab_size, hidden)`.
    pub word_embeddings: T,
    /// `(max_position_embeddings, hidden)`.
    pub position_embeddings: T,
    /// `(type_vocab_size, hidden)`.
    pub token_type_embeddings: T,
    /// `embeddings.LayerNorm`.
    pub embeddings_layer_norm: LayerNormParameters<T>,
    /// The layers, the lowest first.
    pub layers: Vec<LayerParameters<T>>,
}

impl<T> LinearParameters<T> {
    fn map<U>(&self, f: &mut impl FnMut(&T) -> U) -> LinearParameters<U> {
        LinearParameters { weight: f(&self.weight), bias: f(&self.bias) }
    }
}

impl<T> LayerNormParameters<T> {
    fn map<U>(&self, f: &mut impl FnMut(&T) -> U) -> LayerNormParameters<U> {
        LayerNormParameters { weight: f(&self.weight), bias: f(&self.bias) }
    }
}

impl<T> LayerParameters<T> {
    fn map<U>(&self, f: &mut impl FnMut(&T) -> U) -> LayerParameters<U> {
        LayerParameters {
            query_key_value: self.query_key_value.map(f),
            attention_output: self.attention_output.map(f),
            attention_layer_norm: self.attention_layer_norm.map(f),
            intermediate: self.intermediate.map(f),
            output: self.output.map(f),
            output_layer_norm: self.output_layer_norm.map(f),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        [
            &self.query_key_value.weight,
            &self.query_key_value.bias,
            &self.attention_output.weight,
            &self.attention_output.bias,
            &self.attention_layer_norm.weight,
            &self.attention_layer_norm.bias,
            &self.intermediate.weight,
            &self.intermediate.bias,
            &self.output.weight,
            &self.output.bias,
            &self.output_layer_norm.weight,
            &self.output_layer_norm.bias,
        ]
        .into_iter()
    }
}

impl<T> EncoderParameters<T> {
    /// Asks `get` for every parameter by its canonical name in a checkpoint, such as `bert.embeddings.word_embeddings.weight`
    /// or `bert.encoder.layer.0.intermediate.dense.bias`; query, key and value together have the query's name.
    pub fn from_names(n_layers: usize, mut get: impl FnMut(&str) -> T) -> Self {
        names(n_layers).map(|name| get(name))
    }

    /// The same struct of what `f` makes of each parameter.
    pub fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> EncoderParameters<U> {
        let f = &mut f;
        EncoderParameters {
            word_embeddings: f(&self.word_embeddings),
            position_embeddings: f(&self.position_embeddings),
            token_type_embeddings: f(&self.token_type_embeddings),
            embeddings_layer_norm: self.embeddings_layer_norm.map(f),
            layers: self.layers.iter().map(|layer| layer.map(f)).collect(),
        }
    }

    /// All parameters: five of the embeddings, then twelve of each layer.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let embeddings = [
            &self.word_embeddings,
            &self.position_embeddings,
            &self.token_type_embeddings,
            &self.embeddings_layer_norm.weight,
            &self.embeddings_layer_norm.bias,
        ];
        embeddings.into_iter().chain(self.layers.iter().flat_map(LayerParameters::iter))
    }
}

fn names(n_layers: usize) -> EncoderParameters<String> {
    let layer = |i: usize| {
        let linear = |module: &str| {
            let name = |parameter: &str| format!("bert.encoder.layer.{i}.{module}.{parameter}");
            LinearParameters { weight: name("weight"), bias: name("bias") }
        };
        let layer_norm = |module: &str| {
            let LinearParameters { weight, bias } = linear(module);
            LayerNormParameters { weight, bias }
        };
        LayerParameters {
            query_key_value: linear("attention.self.query"),
            attention_output: linear("attention.output.dense"),
            attention_layer_norm: layer_norm("attention.output.LayerNorm"),
            intermediate: linear("intermediate.dense"),
            output: linear("output.dense"),
            output_layer_norm: layer_norm("output.LayerNorm"),
        }
    };
    let embeddings = |parameter: &str| format!("bert.embeddings.{parameter}");
    EncoderParameters {
        word_embeddings: embeddings("word_embeddings.weight"),
        position_embeddings: embeddings("position_embeddings.weight"),
        token_type_embeddings: embeddings("token_type_embeddings.weight"),
        embeddings_layer_norm: LayerNormParameters {
            weight: embeddings("LayerNorm.weight"),
            bias: embeddings("LayerNorm.bias"),
        },
        layers: (0..n_layers).map(layer).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iter_goes_in_the_order_of_from_names() {
        let mut visited = Vec::new();
        let parameters = EncoderParameters::from_names(2, |name| {
            visited.push(name.to_owned());
            name.to_owned()
        });
        assert_eq!(parameters.iter().cloned().collect::<Vec<_>>(), visited);
        assert_eq!(visited.len(), 5 + 2 * 12);
        assert_eq!(visited[0], "bert.embeddings.word_embeddings.weight");
        assert_eq!(visited[5], "bert.encoder.layer.0.attention.self.query.weight");
        assert_eq!(visited[28], "bert.encoder.layer.1.output.LayerNorm.bias");
    }
}
