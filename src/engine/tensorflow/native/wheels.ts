import { SetupError } from '../../../core/errors.js';

/** What the native part computes on: any processor, or NVIDIA GPUs too. */
export type Flavour = 'cpu' | 'gpu';

/** A Python package as pip fetches it: a zip file, of which only the libraries and a few headers are used. */
export interface Wheel {
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Of the part that is used. */
  readonly unpackedBytes: number;
}

export const TENSORFLOW_VERSION = '2.21.0';

const tensorflowCpu: Readonly<Record<string, Wheel>> = {
  x64: {
    file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    sizeBytes: 273_829_956,
    unpackedBytes: 853_868_899,
  },
  arm64: {
    file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl',
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    sizeBytes: 281_828_020,
    unpackedBytes: 883_622_171,
  },
};

/** TensorFlow built for CUDA 12, and the newest of each package that its extra `and-cuda` allowed in 2026. */
const tensorflowCuda: readonly Wheel[] = [
  {
    file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    sizeBytes: 572_440_367,
    unpackedBytes: 1_259_581_043,
  },
  {
    file: 'nvidia_cublas_cu12-12.9.3.13-py3-none-manylinux_2_27_x86_64.whl',
    sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
    sizeBytes: 581_217_458,
    unpackedBytes: 855_661_803,
  },
  {
    file: 'nvidia_cuda_cupti_cu12-12.9.79-py3-none-manylinux_2_25_x86_64.whl',
    sha256: '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
    sizeBytes: 10_814_997,
    unpackedBytes: 44_537_974,
  },
  {
    file: 'nvidia_cuda_nvcc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
    sizeBytes: 40_546_229,
    unpackedBytes: 98_892_849,
  },
  {
    file: 'nvidia_cuda_nvrtc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    sizeBytes: 89_568_129,
    unpackedBytes: 227_387_311,
  },
  {
    file: 'nvidia_cuda_runtime_cu12-12.9.79-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    sizeBytes: 3_493_179,
    unpackedBytes: 9_547_359,
  },
  {
    file: 'nvidia_cudnn_cu12-9.28.0.42-py3-none-manylinux_2_27_x86_64.whl',
    sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    sizeBytes: 716_538_495,
    unpackedBytes: 1_163_594_794,
  },
  {
    file: 'nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
    sizeBytes: 200_877_592,
    unpackedBytes: 293_659_685,
  },
  {
    file: 'nvidia_curand_cu12-10.3.10.19-py3-none-manylinux_2_27_x86_64.whl',
    sha256: '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
    sizeBytes: 68_295_626,
    unpackedBytes: 169_070_076,
  },
  {
    file: 'nvidia_cusolver_cu12-11.7.5.82-py3-none-manylinux_2_27_x86_64.whl',
    sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    sizeBytes: 338_117_415,
    unpackedBytes: 495_233_963,
  },
  {
    file: 'nvidia_cusparse_cu12-12.5.10.65-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    sizeBytes: 366_465_088,
    unpackedBytes: 486_855_743,
  },
  {
    file: 'nvidia_nccl_cu12-2.32.3-py3-none-manylinux_2_27_x86_64.whl',
    sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
    sizeBytes: 351_526_311,
    unpackedBytes: 490_597_602,
  },
  {
    file: 'nvidia_nvjitlink_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    sizeBytes: 39_748_338,
    unpackedBytes: 95_952_824,
  },
];

/** The wheels to unpack on this kind of machine. Throws SetupError where TensorFlow is not published for it. */
export function wheelsFor(flavour: Flavour, platform: string, arch: string): readonly Wheel[] {
  const cpu = platform === 'linux' ? tensorflowCpu[arch] : undefined;
  if (cpu === undefined) {
    throw new SetupError(
      'ERR_TENSORFLOW_PLATFORM',
      `This machine is ${platform} ${arch}, but TensorFlow's C library is taken from its wheels for Linux on x64 or arm64. ` +
        'Use the engine "onnxruntime" here, which needs no set-up; on Windows, WSL 2 is Linux too.',
      { platform, arch },
    );
  }
  if (flavour === 'cpu') return [cpu];
  if (arch !== 'x64') {
    throw new SetupError(
      'ERR_TENSORFLOW_PLATFORM',
      `This machine is ${platform} ${arch}, but TensorFlow is published for NVIDIA GPUs on Linux x64 alone. ` +
        'Build it for the CPU here, without `--gpu` (make tensorflow without GPU=1).',
      { platform, arch },
    );
  }
  return tensorflowCuda;
}

/** What pip calls a wheel, as in `nvidia-nccl-cu12==2.32.3`, and the platform tag that it must be asked for. */
export function pipNames({ file }: Wheel): { readonly requirement: string; readonly platform: string } {
  const [name, version, , , platforms] = file.replace(/\.whl$/, '').split('-');
  return { requirement: `${name.replaceAll('_', '-')}==${version}`, platform: platforms.split('.')[0] };
}
