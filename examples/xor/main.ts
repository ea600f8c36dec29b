/** `npm run example:xor`: two layers learn exclusive or, which one layer cannot. */
import { capture, init, manualSeed, sigmoid, tensor } from 'kindling';
import { BCEWithLogitsLoss, Linear, Sequential, Tanh } from 'kindling/nn';
import { Adam } from 'kindling/optim';

await init();
manualSeed(0);
const pairs = [0, 1].flatMap((a) => [0, 1].map((b) => [a, b]));
const [x, y] = [tensor(pairs), tensor(pairs.map(([a, b]) => [a === b ? 0 : 1]))];
const model = new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 1));
const criterion = new BCEWithLogitsLoss();
const optimizer = new Adam(model.parameters(), { lr: 0.1 });
const train = capture(() => {
  optimizer.zeroGrad();
  criterion(model(x), y).backward();
  optimizer.step();
});
for (let i = 0; i < 100; i++) train();

const [wanted, found] = [await y.data(), await sigmoid(model(x)).data()];
for (const [i, pair] of pairs.entries()) console.log(`${pair.join(' xor ')}: ${found[i]?.toFixed(3)}`);
const right = wanted.filter((value, i) => Math.abs(value - (found[i] ?? 1)) < 0.5).length;
console.log(`${right} of 4`); // → 4 of 4
if (right < 4) process.exitCode = 1;
