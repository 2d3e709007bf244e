import { expect } from 'chai';
import {
  accuracyAgainstBytes,
  accuracyAgainstClientCompute,
} from '../../../../../src/report/plots/comparison/accuracy_against.js';
import { accuracyByCell } from '../../../../../src/report/plots/comparison/accuracy_by_cell.js';
import { palette } from '../../../../../src/report/plots/theme.js';
import { madeComparison } from '../../../../support/comparison.js';
import { drawable, svgOf } from '../../../../support/plots_drawn.js';
import { sizeOf, texts } from '../../../../support/plots_svg.js';

const threeSweeps = [
  { key: 'n_workers', values: [2, 8] },
  { key: 'cut', values: ['pool1', 'pool2'] },
  { key: 'handoff', values: ['weights', 'weights_and_optimizer'] },
];

describe('accuracyByCell', () => {
  it('names every cell by its values, and the axis by their keys', async () => {
    const svg = await svgOf(accuracyByCell(madeComparison()));
    expect(texts(svg)).to.include.members(['n_workers, cut', '2, pool1', '8, fc1', 'test accuracy (0 to 1)']);
    expect(sizeOf(svg)[0]).to.be.below(760);
  });

  it('shows each run, and the mean with its spread where there are several seeds', () => {
    const layers = (seeds: readonly number[]) => {
      const { spec } = drawable(accuracyByCell(madeComparison({ seeds }))) as unknown as {
        spec: { layer: readonly { data: { values: readonly object[] } }[] };
      };
      return spec.layer.map(({ data }) => data.values);
    };
    expect(layers([0]).map(({ length }) => length)).to.deep.equal([6]);
    const [runs, spreads] = layers([0, 1, 2]);
    expect(runs).to.have.length(18);
    // 0.90, 0.91, 0.92: mean 0.91, standard deviation 0.01.
    const [{ low, high }] = spreads as readonly { low: number; high: number }[];
    expect([low, high].map((value) => value.toFixed(4))).to.deep.equal(['0.9000', '0.9200']);
  });

  it('is left out where no run is done, and drawn where nothing is swept', async () => {
    expect(accuracyByCell({ ...madeComparison(), cells: [] })).to.deep.equal({
      leftOut: 'Accuracy by cell: no run is done.',
    });
    expect(texts(await svgOf(accuracyByCell(madeComparison({ sweeps: [] }))))).to.include('as given');
  });
});

describe('accuracyAgainstBytes and accuracyAgainstClientCompute', () => {
  it('tell cells apart by colour and shape, with a legend of each', async () => {
    const plot = accuracyAgainstClientCompute(madeComparison());
    expect(drawable(plot).caption).to.include('colour: n_workers, shape: cut').and.include('over the seeds');
    const svg = await svgOf(plot);
    for (const color of palette.slice(0, 2)) expect(svg).to.include(color);
    expect(texts(svg)).to.include.members(['n_workers', '2', '8', 'cut', 'pool1', 'pool2', 'fc1']);
  });

  it('write what colour and shape leave open beside the points', async () => {
    const plot = accuracyAgainstBytes(madeComparison({ sweeps: threeSweeps, seeds: [0] }));
    expect(drawable(plot).caption).to.include('text: handoff').and.not.include('seeds');
    expect(texts(await svgOf(plot)).filter((text) => text === 'weights')).to.have.length(4);
  });

  it('add bytes up and down, in MB, along a logarithm where they differ much', async () => {
    const few = accuracyAgainstBytes(
      madeComparison({ sweeps: [{ key: 'cut', values: ['pool1', 'pool2'] }] }),
    );
    const { data } = drawable(few).spec as unknown as { data: { values: readonly { cost: number }[] } };
    expect(data.values.map(({ cost }) => cost)).to.deep.equal([8, 16]);
    expect(texts(await svgOf(few))).to.include('bytes up and down in a run (MB)');
    const many = texts(await svgOf(accuracyAgainstBytes(madeComparison())));
    expect(many).to.include('bytes up and down in a run (MB), log scale');
  });

  it('say nothing of a key with one value', async () => {
    const sweeps = [{ key: 'n_workers', values: [4] }, ...threeSweeps.slice(1)];
    const plot = accuracyAgainstBytes(madeComparison({ sweeps }));
    expect(drawable(plot).caption).to.include('(colour: cut, shape: handoff)');
    expect(texts(await svgOf(plot)))
      .to.include.members(['pool1', 'weights'])
      .and.not.include('4');
  });

  it('write costs without exponents', async () => {
    const values = [2, 1000];
    const comparison = madeComparison({ sweeps: [{ key: 'n_workers', values }] });
    const cells = comparison.cells.map((cell, at) => ({
      ...cell,
      measures: { ...cell.measures, client_seconds: { mean: 900 + 30 * at, spread: null, runs: 1 } },
    }));
    const svg = await svgOf(accuracyAgainstClientCompute({ ...comparison, cells }));
    expect(texts(svg)).to.include.members(['200', '800']).and.not.include('2e+2');
  });

  it('draw more values than there are colours, and a single cell', async () => {
    const values = Array.from({ length: 12 }, (_, at) => at + 1);
    const svg = await svgOf(accuracyAgainstBytes(madeComparison({ sweeps: [{ key: 'n_workers', values }] })));
    expect(texts(svg)).to.include.members(values.map(String));
    await svgOf(accuracyAgainstBytes(madeComparison({ sweeps: [] })));
  });

  it('are left out where no run tells its costs', () => {
    const bare = madeComparison({ hasCosts: false });
    expect(accuracyAgainstBytes(bare)).to.deep.equal({
      leftOut: 'Accuracy against bytes: no run tells its costs.',
    });
    expect(accuracyAgainstClientCompute(bare)).to.have.property('leftOut');
  });
});
