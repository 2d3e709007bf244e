import { expect } from 'chai';
import { pipNames, wheelsFor } from '../../../../../src/engine/tensorflow/native/wheels.js';

describe('wheelsFor', () => {
  it('names one wheel for the CPU, of the architecture', () => {
    expect(filesFor('cpu', 'x64')).to.have.length(1);
    expect(filesFor('cpu', 'x64')[0]).to.match(/^tensorflow_cpu-2\.21\.0-.*_x86_64\.whl$/);
    expect(filesFor('cpu', 'arm64')[0]).to.match(/^tensorflow-2\.21\.0-.*_aarch64\.whl$/);
  });

  // Requires-Dist of tensorflow 2.21.0 with extra == "and-cuda", in its METADATA.
  it("names for GPUs what TensorFlow's own extra and-cuda asks for, within its limits", () => {
    const found = new Map(wheelsFor('gpu', 'linux', 'x64').map(({ file }) => splitName(file)));
    const limits: [string, string, string][] = [
      ['nvidia_cublas_cu12', '12.5.3.2', '13.0'],
      ['nvidia_cuda_cupti_cu12', '12.5.82', '13.0'],
      ['nvidia_cuda_nvcc_cu12', '12.5.82', '13.0'],
      ['nvidia_cuda_nvrtc_cu12', '12.5.82', '13.0'],
      ['nvidia_cuda_runtime_cu12', '12.5.82', '13.0'],
      ['nvidia_cudnn_cu12', '9.3.0.75', '10.0'],
      ['nvidia_cufft_cu12', '11.2.3.61', '12.0'],
      ['nvidia_curand_cu12', '10.3.6.82', '11.0'],
      ['nvidia_cusolver_cu12', '11.6.3.83', '12.0'],
      ['nvidia_cusparse_cu12', '12.5.1.3', '13.0'],
      ['nvidia_nccl_cu12', '2.27.7', '3.0'],
      ['nvidia_nvjitlink_cu12', '12.5.82', '13.0'],
    ];
    expect([...found.keys()].sort()).to.deep.equal(['tensorflow', ...limits.map(([name]) => name)].sort());
    for (const [name, least, below] of limits) {
      const version = found.get(name)!;
      expect(compareVersions(version, least), name).to.be.at.least(0);
      expect(compareVersions(version, below), name).to.be.below(0);
    }
  });

  it('has a checksum for each, and each once', () => {
    const all = [
      ...wheelsFor('cpu', 'linux', 'x64'),
      ...wheelsFor('cpu', 'linux', 'arm64'),
      ...wheelsFor('gpu', 'linux', 'x64'),
    ];
    for (const { sha256 } of all) expect(sha256).to.match(/^[0-9a-f]{64}$/);
    expect(new Set(all.map(({ sha256 }) => sha256)).size).to.equal(all.length);
  });

  it('refuses what TensorFlow is not published for, and says what to use', () => {
    expect(() => wheelsFor('cpu', 'darwin', 'arm64')).to.throw(/machine is darwin arm64.*"onnxruntime"/);
    expect(() => wheelsFor('gpu', 'win32', 'x64')).to.throw(/machine is win32 x64.*WSL 2/);
    expect(() => wheelsFor('cpu', 'linux', 'riscv64')).to.throw(/machine is linux riscv64/);
    expect(() => wheelsFor('gpu', 'linux', 'arm64')).to.throw(/linux arm64.*without GPU=1/);
  });
});

describe('pipNames', () => {
  it('gives the requirement, and the first platform of a wheel', () => {
    const wheel = { sha256: '', sizeBytes: 0, unpackedBytes: 0 };
    const nccl = 'nvidia_nccl_cu12-2.32.3-py3-none-manylinux_2_27_x86_64.whl';
    expect(pipNames({ ...wheel, file: nccl })).to.deep.equal({
      requirement: 'nvidia-nccl-cu12==2.32.3',
      platform: 'manylinux_2_27_x86_64',
    });
    const cufft = 'nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl';
    expect(pipNames({ ...wheel, file: cufft }).platform).to.equal('manylinux2014_x86_64');
  });
});

function filesFor(flavour: 'cpu' | 'gpu', arch: string): string[] {
  return wheelsFor(flavour, 'linux', arch).map(({ file }) => file);
}

function splitName(file: string): [name: string, version: string] {
  const [name, version] = file.split('-');
  return [name, version];
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const index = left.findIndex((part, at) => part !== (right[at] ?? 0));
  return index < 0 ? left.length - right.length : left[index] - (right[index] ?? 0);
}
