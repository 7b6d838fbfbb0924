#!/usr/bin/env python3
"""A CloudTrail file of 500 MB in one line, through `flowferry parse`: every document comes, at no more than 130 MB of memory.

Its generator is in ../shared/bench, beside the project; where that is absent, this says so and checks nothing.
"""
import os, resource, subprocess, sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
generator = os.path.join(root, '..', 'shared', 'bench', 'generate.py')
folder = os.path.join(root, '.cache', 'bench')
file = os.path.join(folder, 'cloudtrail_500mb.json.gz')
records, most = 277_193, 130

if not os.path.exists(file):
    if not os.path.exists(generator):
        sys.exit(f'skipped: {generator} is not there')
    subprocess.run([sys.executable, generator, 'ctbig'], check=True, env={**os.environ, 'OUT': folder})
before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
parse = subprocess.Popen(['node', os.path.join(root, 'packages/cli/dist/cli.js'), 'parse', file], stdout=subprocess.PIPE)
lines = 0
while block := parse.stdout.read(1 << 20):
    lines += block.count(b'\n')
status = parse.wait()
# The largest of all children so far; the generator stays far below.
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(f'{lines} documents, peak memory {peak} MB (generator {before // 1024} MB), exit code {status}')
if status != 0 or lines != records or peak > most:
    sys.exit(f'expected {records} documents at no more than {most} MB')
