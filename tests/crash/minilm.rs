//! The same on a real model: MiniLM on sentences of the Stanford Sentiment Treebank, where both are at hand.

use crate::kills::kill_often;
use crate::sandbox::TrainingSandbox;
use testkit::Random;

const RUN: &str = "--per-device-train-batch-size 4 --learning-rate 5e-5 --save-strategy steps --save-steps 2 \
     --eval-strategy steps --eval-steps 6 --max-steps 18";

#[test]
#[ignore = "takes a quarter of an hour: just test-crash"]
fn a_killed_minilm_ends_in_the_same_bytes() {
    let (Some(model), Some(corpus)) = (testkit::inputs::minilm(), testkit::inputs::sst()) else { return };
    let sandbox = TrainingSandbox::real(&model, &corpus.join("trees"));
    let tally = kill_often(&sandbox, RUN, 10, &mut Random::new(7));
    tally.tell("kills: MiniLM");
    assert_eq!(tally.kills, 10);
    tally.assert_most_resumed_past_zero();
}
