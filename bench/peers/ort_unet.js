// Measures ONNX Runtime's forward pass. Usage: ort_unet.js FOLDER [threads], where
// export_onnx.py has filled the folder.
//
// Needs, in some folder: npm install --ignore-scripts onnxruntime-node@1.30.0, and then
// NODE_PATH=THAT_FOLDER/node_modules.
const path = require('path');
const ort = require('onnxruntime-node');

const batch = 16, warmUps = 2, runs = 9;

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

function tensor(shape, draw) {
  const size = shape.reduce((a, b) => a * b, 1);
  return new ort.Tensor('float32', Float32Array.from({ length: size }, draw), shape);
}

async function measure(folder, net, threads) {
  const session = await ort.InferenceSession.create(path.join(folder, `${net}.onnx`), { intraOpNumThreads: threads });
  const x = tensor([batch, 3, 32, 32], normal), t = tensor([batch], () => 1000 * Math.random());
  const ms = [];
  for (let i = 0; i < warmUps + runs; i++) {
    const start = process.hrtime.bigint();
    await session.run({ x, t });
    if (i >= warmUps) ms.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  ms.sort((a, b) => a - b);
  console.log(`${net}_b${batch} onnxruntime forward_ms ${ms[Math.floor(runs / 2)].toFixed(2)}`);
}

(async () => {
  const [folder, threads] = [process.argv[2], Number(process.argv[3] || 2)];
  for (const net of ['unet32', 'unet64']) await measure(folder, net, threads);
})();
