//! Finding: a fact about the installation or the machine, whether something is wrong with it, and what to do.

/// How a fact is to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    /// Works, and could be better: what to do, or what follows.
    Note(String),
    /// Something will fail: what to do.
    Wrong(String),
}

/// One line of the diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) name: &'static str,
    pub(crate) fact: String,
    pub(crate) verdict: Verdict,
}

impl Finding {
    pub(crate) fn fine(name: &'static str, fact: impl Into<String>) -> Self {
        Self { name, fact: fact.into(), verdict: Verdict::Fine }
    }

    pub(crate) fn note(name: &'static str, fact: impl Into<String>, what: impl Into<String>) -> Self {
        Self { name, fact: fact.into(), verdict: Verdict::Note(what.into()) }
    }

    pub(crate) fn wrong(name: &'static str, fact: impl Into<String>, what: impl Into<String>) -> Self {
        Self { name, fact: fact.into(), verdict: Verdict::Wrong(what.into()) }
    }

    pub(crate) fn is_wrong(&self) -> bool {
        matches!(self.verdict, Verdict::Wrong(_))
    }

    /// The fact, and below it what to do.
    pub(crate) fn text(&self) -> String {
        let Self { name, fact, verdict } = self;
        match verdict {
            Verdict::Fine => format!("ok     {name:14} {fact}"),
            Verdict::Note(what) => format!("note   {name:14} {fact}\n       {:14} {what}", ""),
            Verdict::Wrong(what) => format!("WRONG  {name:14} {fact}\n       {:14} {what}", ""),
        }
    }
}
