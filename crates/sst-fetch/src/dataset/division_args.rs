//! Arguments that say which rows go into which split.

use clap::Args;
use corpus::Split;
use stage::{List, bail_input, ensure_input};

use super::division::Division;

/// The shares of train, validation and test, where none are given.
const DEFAULT_SHARES: [f64; 3] = [0.8, 0.1, 0.1];
/// As `--split`: nothing is split off. As `--split-column`: no column says it.
pub(super) const NONE: &str = "none";
/// Of a sum of shares, what is rounding.
const ROUNDING: f64 = 1e-6;

/// Which rows go into which split.
#[derive(Debug, Args)]
pub(crate) struct DivisionArgs {
    /// Shares of train, validation and, if wanted, test, or none; of these, what the source lacks is split off from train, of
    /// each class its share, and copies and pieces of a text stay together [default of --source: 0.8,0.1,0.1]
    #[arg(long, value_name = "TRAIN,VALIDATION[,TEST]")]
    pub(crate) split: Option<List>,

    /// Column that says of each row its split: train, validation (dev, valid, val) or test; or none [default of --source: one
    /// that is called split, set, subset, partition or usage, and holds such values]
    #[arg(long, value_name = "NAME")]
    pub(crate) split_column: Option<String>,

    /// Cut train into K folds for cross-validation; --fold says which of them is the validation split
    #[arg(long, value_name = "K", requires = "fold", conflicts_with = "split", value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) folds: Option<u32>,

    /// The fold that becomes the validation split, from 1 to K
    #[arg(long, value_name = "I", requires = "folds", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) fold: Option<u32>,

    /// Column whose equal values stay in one split, such as an author or a product
    #[arg(long, value_name = "NAME")]
    pub(crate) group_column: Option<String>,

    /// At most N sentences of each split, of each class its share, for trial runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_samples: Option<u64>,

    /// Seed of what is split off and sampled
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub(crate) seed: u64,
}

impl DivisionArgs {
    /// What becomes of train, where these splits are there. `by_default`: whether something is split off without being
    /// asked for.
    ///
    /// # Errors
    /// Fails on shares that are none, and where there is nothing to divide.
    pub(crate) fn division(&self, splits: &[Split], by_default: bool) -> anyhow::Result<Division> {
        let division = self.of_splits(splits, by_default)?;
        ensure_input!(
            self.group_column.is_none() || division != Division::Whole,
            "--group-column keeps rows together where train is divided, and it is not; give --split or --folds, or leave it out"
        );
        Ok(division)
    }

    fn of_splits(&self, splits: &[Split], by_default: bool) -> anyhow::Result<Division> {
        let has = |split| splits.contains(&split);
        if let (Some(n), Some(fold)) = (self.folds, self.fold) {
            ensure_input!(fold <= n, "--fold {fold} is more than the {n} of --folds; expected 1 to {n}");
            ensure_input!(has(Split::Train), "--folds cuts train into folds, and there is no train split");
            return Ok(Division::Fold { n: n as usize, fold: fold as usize - 1 });
        }
        if self.split.as_ref().is_some_and(|split| split.items() == [NONE]) {
            return Ok(Division::Whole);
        }
        if !has(Split::Train) || (self.split.is_none() && (!by_default || has(Split::Validation))) {
            ensure_input!(self.split.is_none(), "--split splits train, and there is no train split");
            return Ok(Division::Whole);
        }
        let shares = self.shares()?;
        let wanted = Split::ALL
            .into_iter()
            .zip(shares)
            .filter(|&(split, part)| part > 0.0 && (split == Split::Train || !has(split)));
        let wanted: Vec<(Split, f64)> = wanted.collect();
        if wanted.len() < 2 {
            let there: Vec<&str> =
                Split::ALL[1..].iter().filter(|split| has(**split)).map(|split| split.name()).collect();
            bail_input!("--split splits off what the source lacks, and it has {}; leave it out", there.join(" and "));
        }
        let all: f64 = wanted.iter().map(|(_, part)| part).sum();
        Ok(Division::SplitOff(wanted.into_iter().map(|(split, part)| (split, part / all)).collect()))
    }

    /// The shares of train, validation and test; 0 for one that is not wanted.
    fn shares(&self) -> anyhow::Result<[f64; 3]> {
        let Some(list) = &self.split else { return Ok(DEFAULT_SHARES) };
        let numbers: Option<Vec<f64>> = list.items().iter().map(|item| item.parse().ok()).collect();
        let shares = match numbers.as_deref() {
            Some(&[train, validation]) => [train, validation, 0.0],
            Some(&[train, validation, test]) => [train, validation, test],
            _ => [f64::NAN; 3],
        };
        let valid = shares.iter().all(|share| (0.0..1.0).contains(share))
            && shares[0] > 0.0
            && (shares.iter().sum::<f64>() - 1.0).abs() < ROUNDING;
        ensure_input!(
            valid,
            "--split {}: expected the shares of train, validation and, if wanted, test, which add up to 1, such as 0.8,0.1,0.1, or none",
            list.items().join(",")
        );
        Ok(shares)
    }

    /// Whether train is divided because the user asked for it.
    pub(crate) fn is_given(&self) -> bool {
        self.split.is_some() || self.folds.is_some()
    }

    /// Whether anything is drawn by the seed.
    pub(crate) fn draws(&self, division: &Division) -> bool {
        *division != Division::Whole || self.max_samples.is_some()
    }
}
