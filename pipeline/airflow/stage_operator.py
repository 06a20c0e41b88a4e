"""An operator that runs one stage: its summary is the XCom, its messages are the task's log, its exit code decides on a retry."""

import json
import logging
import os
import signal
import subprocess
import tempfile

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

# Bad input, a health check, a missed requirement: a second try would end as the first. A folder that is in use (4), a
# signal (130, 143) and anything else (1) may pass.
PERMANENT = {2, 3, 5}
LEVELS = {"error": logging.ERROR, "warning": logging.WARNING}


class StageOperator(BaseOperator):
    """Runs `program arguments` in the folder `workplace`; `arguments` and `more` are lists of words, of which `more` is what differs
    between mapped tasks. `if_there` lists pairs of a flag and a file: they are given where an earlier task has left that file. A run
    that ends in none of the states `expects` has left something to do, and is tried again. When the task is ended, the program is asked
    to save and is waited for."""

    template_fields = ("programs", "workplace", "arguments", "more", "if_there")

    def __init__(
        self,
        *,
        program,
        arguments,
        more=(),
        if_there=(),
        expects=("fresh", "done"),
        programs="{{ params.programs }}",
        workplace="{{ params.workplace }}",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.program = program
        self.arguments = arguments
        self.more = more
        self.if_there = if_there
        self.expects = expects
        self.programs = programs
        self.workplace = workplace
        self.process = None

    def execute(self, context):
        command = [os.path.join(self.programs, self.program), *self.arguments, *self.more]
        for flag, file in self.if_there:
            if os.path.isfile(os.path.join(self.workplace, file)):
                command += [flag, file]
        command += ["--json-summary", "--log-format", "json"]
        self.log.info("%s", command)
        with tempfile.TemporaryFile("w+") as stdout:
            self.process = subprocess.Popen(
                command, cwd=self.workplace, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True
            )
            last = ""
            for line in self.process.stderr:
                last = self.tell(line.rstrip("\n"))
            code = self.process.wait()
            stdout.seek(0)
            lines = stdout.read().splitlines()
        if code in PERMANENT:
            raise AirflowFailException(f"{self.program}: exit code {code}: {last}")
        if code != 0:
            raise AirflowException(f"{self.program}: exit code {code}: {last}")
        summary = json.loads(lines[-1])
        if summary["state"] not in self.expects:
            raise AirflowException(f"{self.program}: {summary['state']}: {last}")
        return summary

    def tell(self, line):
        """Logs a message of the program at its level, and returns it."""
        try:
            said = json.loads(line)
            level, message = LEVELS.get(said["level"], logging.INFO), said["message"]
        except (ValueError, TypeError, KeyError):
            level, message = logging.INFO, line
        self.log.log(level, "%s", message)
        return message

    def on_kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
