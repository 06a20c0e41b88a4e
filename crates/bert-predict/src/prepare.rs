//! Preparation: the next window of rows is read and tokenized while the model computes the one before.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use corpus::tokenizer::{Encodings, Tokenizer};
use corpus::vocabulary;
use stage::{Interrupt, NO_THREAD};

use crate::input::{Input, InputRow, Part, Window, WindowSize};

/// Windows that wait for the model at most.
const WINDOWS_AHEAD: usize = 1;
/// How often a signal is looked for while no input comes.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// A window whose texts are tokens.
pub(crate) struct PreparedWindow {
    pub(crate) part: Part,
    pub(crate) rows: Vec<InputRow>,
    /// Of those rows that have a text, in their order.
    pub(crate) encodings: Encodings,
}

enum Message {
    Window(Box<PreparedWindow>),
    End(anyhow::Result<()>),
}

/// The windows of an input as they come.
pub(crate) struct PreparedWindows {
    messages: Receiver<Message>,
}

/// What comes next.
pub(crate) enum Next {
    Window(Box<PreparedWindow>),
    End,
    /// This signal asks the program to end.
    Interrupted(i32),
}

impl PreparedWindows {
    /// Begins to read and tokenize in a thread of its own. It is left alone when nobody wants its windows any more: it may wait
    /// for stdin for ever.
    ///
    /// # Errors
    /// Fails when the system refuses a thread.
    pub(crate) fn begin(
        input: Input,
        tokenizer: Tokenizer,
        vocab_size: usize,
        size: WindowSize,
    ) -> anyhow::Result<Self> {
        let (sender, messages) = sync_channel(WINDOWS_AHEAD);
        thread::Builder::new()
            .name("prepare".to_owned())
            .spawn(move || {
                let mut failed = None;
                let read = input.for_each_window(size, &mut |window| match prepared(window, &tokenizer, vocab_size) {
                    Ok(window) => match sender.send(Message::Window(Box::new(window))) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    },
                    Err(error) => {
                        failed = Some(error);
                        ControlFlow::Break(())
                    }
                });
                let _ = sender.send(Message::End(failed.map_or(read, Err)));
            })
            .context(NO_THREAD)?;
        Ok(Self { messages })
    }

    /// Waits for the next window, or for a signal.
    ///
    /// # Errors
    /// Fails where the input could not be read further.
    pub(crate) fn next(&self, interrupt: Option<&Interrupt>) -> anyhow::Result<Next> {
        loop {
            if let Some(signal) = interrupt.and_then(Interrupt::received) {
                return Ok(Next::Interrupted(signal));
            }
            let message = match interrupt {
                Some(_) => self.messages.recv_timeout(BETWEEN_LOOKS),
                None => self.messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match message {
                Ok(Message::Window(window)) => return Ok(Next::Window(window)),
                Ok(Message::End(read)) => return read.map(|()| Next::End),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("the thread that reads the input ended before its time"),
            }
        }
    }
}

fn prepared(window: Window, tokenizer: &Tokenizer, vocab_size: usize) -> anyhow::Result<PreparedWindow> {
    let Window { part, rows } = window;
    let texts: Vec<&str> = rows.iter().filter_map(|row| row.text.as_deref().ok()).collect();
    let encodings = tokenizer.encode(&texts)?;
    vocabulary::check_encodings(&encodings, &texts, tokenizer, vocab_size)?;
    Ok(PreparedWindow { part, rows, encodings })
}
