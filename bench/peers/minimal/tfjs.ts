/** The study's network, trained: the smallest program in TensorFlow.js, of its core and the WebGPU backend alone. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';

await tf.setBackend('webgpu');
const filter = (...shape: [number, number, number, number]) => tf.variable(tf.randomUniform(shape, -0.1, 0.1));
const matrix = (...shape: [number, number]) => tf.variable(tf.randomUniform(shape, -0.1, 0.1));
const bias = (size: number) => tf.variable(tf.zeros([size]));
const w1 = filter(3, 3, 3, 32) as tf.Tensor4D;
const w2 = filter(3, 3, 32, 64) as tf.Tensor4D;
const w3 = filter(3, 3, 64, 64) as tf.Tensor4D;
const [b1, b2, b3, b4, b5] = [bias(32), bias(64), bias(64), bias(64), bias(10)];
const [w4, w5] = [matrix(1024, 64), matrix(64, 10)];
const conv = (x: tf.Tensor4D, weight: tf.Tensor4D, b: tf.Tensor): tf.Tensor4D =>
  tf.relu(tf.add(tf.conv2d(x, weight, 1, 'valid'), b));
const pool = (x: tf.Tensor4D): tf.Tensor4D => tf.maxPool(x, 2, 2, 'valid');
const x = tf.randomUniform([64, 32, 32, 3]) as tf.Tensor4D;
const y = tf.oneHot(tf.range(0, 64, 1, 'int32').mod(tf.scalar(10, 'int32')), 10);
const optimizer = tf.train.adam(1e-3);
for (let t = 0; t < 100; t++) {
  const loss = optimizer.minimize(() => {
    const maps = conv(pool(conv(pool(conv(x, w1, b1)), w2, b2)), w3, b3);
    const h = tf.relu(tf.add(tf.matMul(tf.reshape(maps, [64, 1024]), w4), b4));
    const logs = tf.logSoftmax(tf.add(tf.matMul(h, w5), b5));
    return tf.mul(tf.sum(tf.mul(logs, y)), -1 / 64) as tf.Scalar;
  }, true);
  console.log(await loss?.data());
  loss?.dispose();
}
