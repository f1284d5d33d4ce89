"""Asks spec/reader.py and spec/verifier.py about many bricks in one process: a list of {path, generation?} on stdin, answers on stdout."""
import json, os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../spec'))
import reader, verifier

reader.time.sleep = lambda seconds: None     # nobody is writing these bricks: no need to wait for a whole head


def answer(path, generation=None):
    out = {'verdict': verifier.verdict(os.fsencode(path), generation)}
    try:
        brick = reader.Brick(os.fsencode(path), generation)
        out['show'] = reader.show(brick)
        out['ls'] = list(reader.ls(brick))
        out['regions'] = list(reader.regions(brick))
        os.close(brick.fd)
    except reader.Bad as e:
        out['refused'] = e.rule
    return out


print(json.dumps([answer(**question) for question in json.load(sys.stdin)]))
