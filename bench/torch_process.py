"""PyTorch's side of `make bench`. Reads lines `MODEL BATCH STEPS`, answers with milliseconds a step of PyTorch's split loop.

usage: torch_process.py FOLDER_OF_torch_loops.py THREADS
"""
import contextlib
import io
import os
import sys
import time

folder, threads = sys.argv[1:3]
path = os.path.join(folder, 'torch_loops.py')
sys.argv = [path, 'none', threads]
loops = {'__name__': 'loops'}
with contextlib.redirect_stdout(io.StringIO()), open(path) as source:
    exec(source.read(), loops)
torch = loops['torch']
models = {
    'lenet': (loops['CH'], loops['CT'], (3, 32, 32), 10),
    'femnist_cnn': (loops['FH'], loops['FT'], (1, 28, 28), 62),
}
prepared = {}


def prepare(model, batch):
    head, tail, shape, classes = models[model]
    h, t = head(), tail()
    arguments = (h, t, loops['sgd'](h), loops['sgd'](t), torch.randn(batch, *shape), torch.randint(0, classes, (batch,)))
    for _ in range(5):
        loops['split_step'](*arguments)
    return arguments


print('ready', torch.__version__, flush=True)
for line in sys.stdin:
    model, batch, steps = line.split()
    if line not in prepared:
        prepared[line] = prepare(model, int(batch))
    start = time.perf_counter()
    for _ in range(int(steps)):
        loops['split_step'](*prepared[line])
    print((time.perf_counter() - start) / int(steps) * 1000, flush=True)
