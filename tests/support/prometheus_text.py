"""Parses Prometheus' text format, version 0.0.4, and accepts only what Prometheus' own parsers and linter accept."""

import re

HELP = re.compile(r"# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)")
TYPE = re.compile(r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
PARTS = {"histogram": ("_bucket", "_sum", "_count")}


def labels_of(text):
    labels, at = [], 0
    while at < len(text):
        found = LABEL.match(text, at)
        assert found, "labels: " + text
        labels.append(found.groups())
        at = found.end()
    assert not text.endswith(","), text
    assert len({name for name, _ in labels}) == len(labels), "a label twice: " + text
    return tuple(labels)


def check_histogram(name, samples):
    """Checks each series: bounds rise, counts do not fall, +Inf is last and equals the count."""
    series = {}
    for (full, labels), value in samples.items():
        rest = tuple(label for label in labels if label[0] != "le")
        part = series.setdefault(rest, {"buckets": []})
        if full == name + "_bucket":
            part["buckets"].append((float(dict(labels)["le"]), value))
        else:
            part[full[len(name):]] = value
    for labels, part in series.items():
        bounds, counts = zip(*part["buckets"])
        assert list(bounds) == sorted(set(bounds)) and bounds[-1] == float("inf"), (name, labels, bounds)
        assert list(counts) == sorted(counts) and counts[-1] == part["_count"], (name, labels, counts)
        assert part["_sum"] >= 0, (name, labels)


def parse(text):
    """Returns {name: {((label, value), …): number}}; the parts of a histogram have their own names. Raises AssertionError on
    a fault."""
    assert text.endswith("\n"), "the last line is not ended"
    families, kind, name, found = {}, None, None, {}
    lines = text[:-1].split("\n")
    while lines:
        help_line, type_line = HELP.fullmatch(lines.pop(0)), TYPE.fullmatch(lines.pop(0))
        assert help_line and type_line and help_line[1] == type_line[1], (help_line, type_line)
        name, kind = type_line.groups()
        assert name not in families, "a family twice: " + name
        assert (kind == "counter") == name.endswith("_total"), name
        families[name], samples = kind, {}
        while lines and not lines[0].startswith("#"):
            sample = SAMPLE.fullmatch(lines.pop(0))
            assert sample and sample[1] in [name + part for part in PARTS.get(kind, ("",))], (name, sample)
            key = (sample[1], labels_of(sample[2] or ""))
            assert key not in samples, "a sample twice: %s" % (key,)
            samples[key] = float(sample[3])
            assert kind == "gauge" or samples[key] >= 0, key
        if kind == "histogram":
            check_histogram(name, samples)
        for (full, labels), value in samples.items():
            found.setdefault(full, {})[labels] = value
    return found
