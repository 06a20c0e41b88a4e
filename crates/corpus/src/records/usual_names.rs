//! The names that columns of texts, labels and splits usually have.

/// Names of columns of texts, in lower case without separators; each tier comes before the next.
pub(super) const TEXTS: [&str; 3] = [
    "text sentence texts sentences 文本 句子 内容 本文 текст",
    "review reviews reviewtext reviewbody reviewcontent content comment comments commenttext tweet tweettext body message \
     document phrase utterance feedback post statement cleantext opinion fulltext kommentar comentario commentaire texte \
     texto avis texta 评论 评价 レビュー отзыв комментарий",
    "headline title summary description subject verbatim",
];
/// The same of labels.
pub(super) const LABELS: [&str; 3] = [
    "label labels 标签 ラベル метка",
    "sentiment class target category polarity emotion stars star rating ratings starrating reviewrating overall score y \
     sentimentlabel sentimentclass airlinesentiment classlabel labeltext opinionlabel tone bewertung klasse classe clase \
     sentimiento 情感 类别 тональность класс",
    "topic intent tag type gold annotation grade",
];
/// The same of splits.
pub(super) const SPLITS: &str = "split splits splitname datasplit set subset partition usage";
/// A name in lower case without separators, without the keys that it is inside.
pub(super) fn plain(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a text is a usual name of a column of texts or of labels.
pub(super) fn is_usual_name(text: &str) -> bool {
    let name = plain(text.trim());
    TEXTS.iter().chain(&LABELS).any(|tier| tier.split_whitespace().any(|known| known == name))
}
