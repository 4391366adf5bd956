# SPDX-License-Identifier: GPL-2.0
"""scripts/model-fit: from what was measured to a latency model; usage.txt says how."""

import argparse
import pathlib
import sys

import measured
import model

PLOTS = (".png", ".svg", ".pdf")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        sys.exit(_complain(f"{message}; see --help", 2))


def _complain(what, code):
    print(f"model-fit: {what}", file=sys.stderr)
    return code


def _number(low, high):
    def parse(text):
        if not text.isdigit() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"\"{text}\" is not valid, use {low} to {high}")
        return int(text)
    return parse


def _plot(text):
    if not text.endswith(PLOTS):
        raise argparse.ArgumentTypeError(f"\"{text}\" is not valid, use {', '.join(PLOTS)}")
    return text


def _arguments(args):
    parser = Parser(prog="model-fit", add_help=False)
    parser.add_argument("file")
    parser.add_argument("--op", default="READ")
    parser.add_argument("--bytes", type=_number(512, 2 ** 32 - 1))
    parser.add_argument("--channels", type=_number(1, 1024))
    parser.add_argument("--seed", type=_number(0, 2 ** 64 - 1))
    parser.add_argument("--points", type=_number(4, model.MAX_POINTS), default=32)
    parser.add_argument("--plot", type=_plot)
    parser.add_argument("--out")
    return parser.parse_args(args)


def _report(curves, fitted):
    for curve, points in zip(curves, fitted):
        said = ", ".join(f"p{p:g} {was / 1000:.1f} us ({100 * (now - was) / was:+.2f} %)"
                         for p, was, now in model.worst(curve.points, points) if was)
        print(f"model-fit: {curve.name}: {len(points)} points: {said}", file=sys.stderr)


def main(args):
    args = _arguments(args)
    try:
        text = pathlib.Path(args.file).read_text(encoding="utf-8")
        curves = measured.read(text, args.op, args.bytes)
        written, fitted = model.text(curves, args.points,
                                     model.Extra(args.seed, args.channels))
    except (OSError, UnicodeDecodeError, measured.BadInput, model.TooLarge) as error:
        return _complain(f"{args.file}: {error}", 1)
    _report(curves, fitted)
    if args.plot:
        import plot  # takes a second, and is not everywhere

        plot.draw(curves, written, args.plot)
    if args.out:
        pathlib.Path(args.out).write_text(written, encoding="utf-8")
    else:
        sys.stdout.write(written)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
