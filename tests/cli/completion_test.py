"""Tests the completion scripts in their shells: what TAB offers. Shells that are not installed are skipped."""

import os
import shutil
import subprocess
import tempfile
import unittest

PROJECT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
STATOR = os.environ["STATOR_BIN"]
# The words up to the cursor, and the completions offered; the table has an unusual name and two indexes.
ROWS = [
    ("stator ddb s", ["scan", "schema-load", "seed", "sql"]),
    ("stator ddb scan --seg", ["--segments"]),
    ("stator scan --output j", ["json", "jsonl"]),
    ("stator get sh", ["shop"]),
    ("stator query shop open --index ", ["orders-by-status", "products-by-price"]),
    ("stator ddb schema-load --model s", ["shop"]),
    ("stator ddb patterns orders-", ["orders-by-status", "orders-of-customer"]),
    ("stator ddb patterns list-conversations --handle b", ["bayko"]),
    ("stator import shop it", ["items.jsonl"]),
    ("stator snapshot restore be", ["before-it"]),
    ("stator snapshot drop ", ["before-it"]),
    ("stator tables --profile ", ["default", "shop-prod", "work"]),
    ("stator tables --profile s", ["shop-prod"]),
    ("stator api Transact", ["TransactGetItems", "TransactWriteItems"]),
    ("stator create shop pk --stream NEW", ["NEW_AND_OLD_IMAGES", "NEW_IMAGE"]),
]


class Shells(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.symlink(STATOR, os.path.join(self.folder, "stator"))
        self.environment = {
            "PATH": self.folder + ":" + os.environ["PATH"], "HOME": self.folder, "LC_ALL": "C.UTF-8", "TERM": "dumb",
            "STATOR_MODELS": os.path.join(PROJECT, "models"), "STATOR_DATA": os.path.join(self.folder, "data"),
            "AWS_EC2_METADATA_DISABLED": "true"}
        os.mkdir(os.path.join(self.folder, ".aws"))
        with open(os.path.join(self.folder, ".aws", "config"), "w", encoding="utf-8") as file:
            file.write("[default]\nregion = eu-west-3\n[profile shop-prod]\nsso_session = s\n[sso-session s]\nsso_region = eu-west-3\n")
        with open(os.path.join(self.folder, ".aws", "credentials"), "w", encoding="utf-8") as file:
            file.write("[work]\naws_access_key_id = a\naws_secret_access_key = b\n")
        open(os.path.join(self.folder, "items.jsonl"), "w", encoding="utf-8").close()
        self.run_in("bash", "stator ddb schema-load --model shop && stator snapshot save before-it 2> /dev/null")

    def run_in(self, shell, script, *options):
        done = subprocess.run([shell, *options, "-c", script], capture_output=True, text=True, cwd=self.folder, env=self.environment,
                              timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, ""), script)
        return done.stdout

    def need(self, shell):
        if shutil.which(shell) is None:
            self.skipTest("there is no " + shell)

    def test_bash(self):
        for line, wanted in ROWS:
            words = line.split(" ")
            array = " ".join("'%s'" % word for word in words)
            printed = self.run_in("bash", f". <(stator completion bash); COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; "
                                          "_stator; printf '%s\\n' \"${COMPREPLY[@]}\"")
            self.assertEqual(sorted(printed.split()), wanted, line)
        self.assertIn("complete -F _stator stator", self.run_in("bash", ". <(stator completion bash); complete -p stator"))

    def test_fish(self):
        self.need("fish")
        for line, wanted in ROWS:
            printed = self.run_in("fish", f"stator completion fish | source; complete -C '{line}'", "--no-config")
            self.assertEqual(sorted(row.split("\t")[0] for row in printed.splitlines()), wanted, line)

    def test_zsh(self):
        self.need("zsh")
        os.mkdir(os.path.join(self.folder, "functions"))
        with open(os.path.join(self.folder, "functions", "_stator"), "w", encoding="utf-8") as file:
            file.write(self.run_in("bash", "stator completion zsh"))
        # A shell on a pseudo-terminal; a key prints the completions, one a line. Until the shell turns echo off, the
        # terminal shows the typed text, so the words to wait for are typed in two parts.
        script = r"""
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell 'PS1= PS2= RPS1=; stty -echo; unsetopt zle_bracketed_paste; fpath=('$PWD'/functions $fpath)'
            zpty -w shell 'autoload -Uz compinit && compinit -u -d '$PWD'/dump'
            zpty -w shell 'compadd() { if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
              local -a found; builtin compadd -O found "$@"; (( ${#found} )) && print -l -- "<"${^found}">"; builtin compadd "$@" }'
            zpty -w shell 'list() { print; zle complete-word; print -r -- E""ND; exit }; zle -C complete-word complete-word _main_complete'
            zpty -w shell 'zle -N list; bindkey "^T" list'
            zpty -w shell 'print REA""DY'
            zpty -r shell text '*READY*'
            zpty -w -n shell "$LINE"$'\C-t'
            while zpty -r shell text; do print -rn -- $text; [[ $text == *END* ]] && break; done
        """
        for line, wanted in ROWS:
            self.environment["LINE"] = line
            printed = self.run_in("zsh", script, "-f")
            offered = sorted({word.split(">")[0] for word in printed.split("<")[1:]})
            self.assertEqual(offered, wanted, (line, printed))


if __name__ == "__main__":
    unittest.main()
