//! Layer listener: a closure that hears of a backward pass while it goes on in C++.

use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::ffi;

/// Who hears of layers, and whether that panicked: a panic must not go through C++.
pub(crate) struct LayerListener<'a> {
    after_layer: &'a mut dyn FnMut(usize),
    panic: Option<Box<dyn Any + Send>>,
}

impl<'a> LayerListener<'a> {
    pub(crate) fn new(after_layer: &'a mut dyn FnMut(usize)) -> Self {
        Self { after_layer, panic: None }
    }

    /// The options of a pass to which it listens, as long as it is not used otherwise.
    pub(crate) fn options(&mut self, add: bool) -> ffi::BackwardOptions {
        ffi::BackwardOptions { add: i32::from(add), after_layer: tell, listener: std::ptr::from_mut(self).cast() }
    }

    /// The pass has ended: goes on with a panic.
    pub(crate) fn end(self) {
        if let Some(panic) = self.panic {
            resume_unwind(panic);
        }
    }
}

/// Of [`ffi::BackwardOptions`].
///
/// # Safety
/// `listener` is a [`LayerListener`], which nobody else uses meanwhile.
unsafe extern "C" fn tell(listener: *mut c_void, layer: i64) {
    // SAFETY: as above.
    let listener = unsafe { &mut *listener.cast::<LayerListener<'_>>() };
    if listener.panic.is_none() {
        listener.panic = catch_unwind(AssertUnwindSafe(|| (listener.after_layer)(layer as usize))).err();
    }
}
