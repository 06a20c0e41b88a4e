//! The declarations of `csrc/bert_kernels.h`, and how tensors are handed to them.

use std::ffi::{c_char, c_void};

use tch::Tensor;
use torch_sys::C_tensor;

pub(crate) use crate::raw_parameters::{RawEncoderParameters, RawParameters};
pub(crate) use crate::raw_updates::{Clipping, DeferredRows, Group, GroupStep, PastStep, Rule, Run};

/// As the C++ side takes many tensors; they have to outlive the call.
pub(crate) fn handles<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<*const C_tensor> {
    tensors.into_iter().map(Tensor::as_ptr).collect()
}

/// The numbers of a float32 tensor.
pub(crate) fn floats(tensor: &Tensor) -> *mut f32 {
    tensor.data_ptr().cast()
}

#[repr(C)]
pub(crate) struct AttentionOptions {
    pub(crate) max_seqlen: i64,
    pub(crate) heads: i64,
    pub(crate) p: f64,
}

/// An opaque object of the C++ side.
#[repr(C)]
pub(crate) struct DeviceQueue {
    _opaque: [u8; 0],
}

/// The same.
#[repr(C)]
pub(crate) struct Graph {
    _opaque: [u8; 0],
}

/// The same.
#[repr(C)]
pub(crate) struct Encoder {
    _opaque: [u8; 0],
}

/// The same.
#[repr(C)]
pub(crate) struct Int8Encoder {
    _opaque: [u8; 0],
}

#[repr(C)]
pub(crate) struct EncoderConfig {
    pub(crate) layers: i64,
    pub(crate) hidden: i64,
    pub(crate) heads: i64,
    pub(crate) intermediate: i64,
    pub(crate) positions: i64,
    pub(crate) token_types: i64,
    pub(crate) activation: i32,
    pub(crate) bf16: i32,
    pub(crate) layer_norm_eps: f32,
}

#[repr(C)]
pub(crate) struct PackedBatch {
    pub(crate) input_ids: *const i64,
    pub(crate) position_ids: *const i64,
    pub(crate) cu_seqlens: *const i64,
    pub(crate) n_rows: i64,
    pub(crate) batch: i64,
}

#[repr(C)]
pub(crate) struct EncoderDropout {
    pub(crate) hidden: f64,
    pub(crate) attention: f64,
    pub(crate) key: u64,
    pub(crate) rng_stream: u64,
}

/// An opaque object of the C++ side.
#[repr(C)]
pub(crate) struct Store {
    _opaque: [u8; 0],
}

#[repr(C)]
pub(crate) struct BackwardOptions {
    pub(crate) add: i32,
    pub(crate) after_layer: unsafe extern "C" fn(listener: *mut c_void, layer: i64),
    pub(crate) listener: *mut c_void,
}

/// An opaque object of the C++ side.
#[repr(C)]
pub(crate) struct ProcessGroup {
    _opaque: [u8; 0],
}

/// An opaque object of the C++ side.
#[repr(C)]
pub(crate) struct Messages {
    _opaque: [u8; 0],
}

#[repr(C)]
pub(crate) struct StoreOptions {
    pub(crate) host: *const c_char,
    pub(crate) port: i32,
    pub(crate) is_server: i32,
    pub(crate) prefix: *const c_char,
    pub(crate) timeout_ms: i64,
}

unsafe extern "C" {
    pub(crate) fn bert_kernels_last_error() -> *const c_char;
    pub(crate) fn bert_kernels_libtorch() -> *const c_char;
    pub(crate) fn bert_kernels_dropout(x: *const C_tensor, p: f64, key: u64, rng_stream: u64) -> *mut C_tensor;
    pub(crate) fn bert_kernels_linear(
        x: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
    ) -> *mut C_tensor;
    pub(crate) fn bert_kernels_as_bf16(tensors: *const *const C_tensor, n: i64, cast: *mut *mut C_tensor) -> i32;
    pub(crate) fn bert_kernels_heads_from_rows(
        rows: *const C_tensor,
        cu_seqlens: *const C_tensor,
        max_seqlen: i64,
        parts: i64,
        heads: i64,
    ) -> *mut C_tensor;
    pub(crate) fn bert_kernels_rows_from_heads(
        rectangles: *const C_tensor,
        cu_seqlens: *const C_tensor,
        n_rows: i64,
        heads: i64,
    ) -> *mut C_tensor;
    pub(crate) fn bert_kernels_packed_attention_runs(rows: *const C_tensor, size: i64) -> i32;
    pub(crate) fn bert_kernels_packed_attention(
        rows: *const C_tensor,
        cu_seqlens: *const C_tensor,
        first_rows: *const C_tensor,
        options: *const AttentionOptions,
    ) -> *mut C_tensor;
    pub(crate) fn bert_kernels_update_group(group: *const Group, rule: *const Rule, step: *const GroupStep) -> i32;
    pub(crate) fn bert_kernels_clip(
        grads: *const *const C_tensor,
        n: i64,
        max_norm: f64,
        clipping: *const Clipping,
    ) -> i32;
    pub(crate) fn bert_kernels_accumulate(
        sums: *const *const C_tensor,
        values: *const *const C_tensor,
        n: i64,
        add: i32,
    ) -> i32;
    pub(crate) fn bert_kernels_seed_generator(like: *const C_tensor, key: u64, rng_stream: u64) -> i32;
    pub(crate) fn bert_kernels_device_queue_new(like: *const C_tensor) -> *mut DeviceQueue;
    pub(crate) fn bert_kernels_device_queue_free(queue: *mut DeviceQueue);
    pub(crate) fn bert_kernels_device_queue_enter(queue: *mut DeviceQueue) -> i32;
    pub(crate) fn bert_kernels_device_queue_leave(queue: *mut DeviceQueue) -> i32;
    pub(crate) fn bert_kernels_device_queue_upload(
        queue: *mut DeviceQueue,
        target: *const C_tensor,
        numbers: *const C_tensor,
    ) -> i32;
    pub(crate) fn bert_kernels_device_queue_send(queue: *mut DeviceQueue, numbers: *const C_tensor) -> i32;
    pub(crate) fn bert_kernels_device_queue_receive(queue: *mut DeviceQueue, numbers: *mut f64, n: i64) -> i32;
    pub(crate) fn bert_kernels_pinned_zeros(rows: i64, cols: i64) -> *mut C_tensor;
    pub(crate) fn bert_kernels_graph_begin(queue: *mut DeviceQueue) -> *mut Graph;
    pub(crate) fn bert_kernels_graph_end(graph: *mut Graph) -> i32;
    pub(crate) fn bert_kernels_graph_replay(graph: *mut Graph) -> i32;
    pub(crate) fn bert_kernels_graph_free(graph: *mut Graph);
    pub(crate) fn bert_kernels_norm(tensors: *const *const C_tensor, n: i64, norm: *mut f64) -> i32;
    pub(crate) fn bert_kernels_update(runs: *const Run, n_runs: i64, rule: *const Rule, encoder: *mut Encoder);
    pub(crate) fn bert_kernels_apply_deferred(
        table: *const Run,
        width: i64,
        deferred: *const DeferredRows,
        rule: *const Rule,
    );
    pub(crate) fn bert_kernels_sum_of_squares(
        grads: *const *const f32,
        sizes: *const i64,
        n_runs: i64,
        encoder: *const Encoder,
    ) -> f64;
    pub(crate) fn bert_kernels_encoder_runs(bf16: i32) -> i32;
    pub(crate) fn bert_kernels_encoder_new(config: *const EncoderConfig) -> *mut Encoder;
    pub(crate) fn bert_kernels_encoder_free(encoder: *mut Encoder);
    pub(crate) fn bert_kernels_encoder_memory(encoder: *mut Encoder, n_rows: i64, batch: i64) -> i64;
    pub(crate) fn bert_kernels_encoder_read_weights(
        encoder: *mut Encoder,
        parameters: *const RawEncoderParameters,
    ) -> i32;
    pub(crate) fn bert_kernels_encoder_forward(
        encoder: *mut Encoder,
        batch: *const PackedBatch,
        dropout: *const EncoderDropout,
        keep: i32,
        first: *mut f32,
    ) -> i32;
    pub(crate) fn bert_kernels_encoder_backward(
        encoder: *mut Encoder,
        dfirst: *const f32,
        options: *const BackwardOptions,
        gradients: *const RawEncoderParameters,
        dwords: *mut *const f32,
    ) -> i32;
    pub(crate) fn bert_kernels_int8_encoder_runs() -> i32;
    pub(crate) fn bert_kernels_int8_encoder_new(
        config: *const EncoderConfig,
        parameters: *const RawEncoderParameters,
    ) -> *mut Int8Encoder;
    pub(crate) fn bert_kernels_int8_encoder_free(encoder: *mut Int8Encoder);
    pub(crate) fn bert_kernels_int8_encoder_forward(
        encoder: *mut Int8Encoder,
        batch: *const PackedBatch,
        first: *mut f32,
    ) -> i32;
    pub(crate) fn bert_kernels_encoder_gradients_changed(encoder: *mut Encoder);
    pub(crate) fn bert_kernels_has_c10d() -> i32;
    pub(crate) fn bert_kernels_store_new(options: *const StoreOptions) -> *mut Store;
    pub(crate) fn bert_kernels_store_free(store: *mut Store);
    pub(crate) fn bert_kernels_store_set(store: *mut Store, key: *const c_char, value: *const u8, n: i64) -> i32;
    pub(crate) fn bert_kernels_store_has(store: *mut Store, key: *const c_char, has: *mut i32) -> i32;
    pub(crate) fn bert_kernels_store_get(
        store: *mut Store,
        key: *const c_char,
        value: *mut u8,
        capacity: i64,
        n: *mut i64,
    ) -> i32;
    pub(crate) fn bert_kernels_process_group_new(
        store: *mut Store,
        rank: i32,
        size: i32,
        address: *const c_char,
        timeout_ms: i64,
    ) -> *mut ProcessGroup;
    pub(crate) fn bert_kernels_process_group_free(group: *mut ProcessGroup);
    pub(crate) fn bert_kernels_device_identity(like: *const C_tensor, text: *mut c_char, capacity: i64) -> i32;
    pub(crate) fn bert_kernels_process_group_connect_devices(group: *mut ProcessGroup, like: *const C_tensor) -> i32;
    pub(crate) fn bert_kernels_all_gather(
        group: *mut ProcessGroup,
        gathered: *const C_tensor,
        mine: *const C_tensor,
    ) -> *mut Messages;
    pub(crate) fn bert_kernels_all_to_all(
        group: *mut ProcessGroup,
        received: *const C_tensor,
        sent: *const C_tensor,
    ) -> *mut Messages;
    pub(crate) fn bert_kernels_messages_wait(messages: *mut Messages) -> i32;
    pub(crate) fn bert_kernels_messages_free(messages: *mut Messages);
    pub(crate) fn bert_kernels_broadcast(group: *mut ProcessGroup, tensor: *const C_tensor, from: i32) -> i32;
}
