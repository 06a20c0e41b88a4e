//! The queue of a device: uploads, numbers that are read late, graphs and what cannot be one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap fails the test")]

#[allow(dead_code, reason = "its numbers are for the tests of operators")]
mod tensors;

use bert_kernels::{DeviceQueue, Graph, KernelError};
use tch::{Kind, Tensor, no_grad};
use tensors::device;

fn filled(value: f64) -> Tensor {
    Tensor::full([3], value, (Kind::Double, device()))
}

/// `y = 2 x + 1` as a graph.
fn doubled(queue: &DeviceQueue, x: &Tensor, y: &Tensor) -> Result<Graph, KernelError> {
    let work = || {
        no_grad(|| y.shallow_clone().copy_(&(x * 2.0 + 1.0)));
        Ok(())
    };
    queue.run(|| work().and_then(|()| queue.record(work)))
}

#[test]
fn a_graph_reads_its_memory_as_it_is_when_it_is_replayed() {
    let (x, y) = (filled(1.0), filled(0.0));
    let queue = DeviceQueue::new(&x).unwrap();
    let graph = doubled(&queue, &x, &y).unwrap();
    for value in [4.0, -0.5] {
        queue.upload(&x, &Tensor::from_slice(&[value; 3])).unwrap();
        queue.run(|| graph.replay()).unwrap();
        queue.run(|| queue.send(&y)).unwrap();
        assert_eq!(queue.receive(3).unwrap(), [2.0 * value + 1.0; 3]);
    }
}

#[test]
fn numbers_arrive_as_they_were_and_in_their_order() {
    let numbers = filled(1.0);
    let queue = DeviceQueue::new(&numbers).unwrap();
    for value in [1.0, 2.0, 3.0] {
        queue
            .run(|| {
                let _ = numbers.shallow_clone().fill_(value);
                queue.send(&numbers)
            })
            .unwrap();
    }
    for value in [1.0, 2.0, 3.0] {
        assert_eq!(queue.receive(3).unwrap(), [value; 3]);
    }
    assert!(queue.receive(3).unwrap_err().to_string().contains("nothing was sent"));
}

/// What the host reads cannot be recorded, and neither can what fails; afterwards all else goes on.
#[test]
fn a_recording_that_fails_leaves_the_queue_as_it_was() {
    let (x, y) = (filled(1.0), filled(0.0));
    let queue = DeviceQueue::new(&x).unwrap();
    let reads = || Err(KernelError(x.f_double_value(&[0]).unwrap_err().to_string()));
    assert!(queue.run(|| queue.record::<KernelError>(reads)).is_err());
    let panics = || {
        let _ = x.view([7]);
        Ok(())
    };
    let error = queue.run(|| queue.record::<KernelError>(panics)).unwrap_err();
    assert!(error.to_string().contains("cannot be recorded"), "{error}");
    let graph = doubled(&queue, &x, &y).unwrap();
    queue.run(|| graph.replay()).unwrap();
    assert_eq!(Vec::<f64>::try_from(&y).unwrap(), [3.0; 3]);
}
