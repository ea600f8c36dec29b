import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fixed } from './format.js';
import { accuracy, classificationReport, confusionMatrix, macroF1, microF1 } from './index.js';

describe('fixed', () => {
  it.each([
    [0.625, 2, '0.62'],
    [0.375, 2, '0.38'],
    [0.875, 2, '0.88'],
    [0.125, 2, '0.12'],
    [0.615, 2, '0.61'], // below the tie in binary
    [0.285, 2, '0.28'],
    [1.005, 2, '1.00'],
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [0.0625, 3, '0.062'],
    [-0.625, 2, '-0.62'],
    [0, 2, '0.00'],
    [1, 2, '1.00'],
    [2 / 3, 4, '0.6667'],
  ])('%f with %i digits is %s', (value, digits, text) => expect(fixed(value, digits)).toBe(text));
});

describe('accuracy and the confusion matrix', () => {
  it('counts hits', () => expect(accuracy([0, 1, 2], Int32Array.of(0, 1, 1))).toBe(2 / 3));
  it('has true classes as rows', () =>
    expect(confusionMatrix([0, 0, 1, 2], [0, 1, 1, 0])).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]));
  it('takes a number of classes', () =>
    expect(confusionMatrix([1], [1], { classes: 2 })).toEqual([
      [0, 0],
      [0, 1],
    ]));
  it('keeps the order of given classes and leaves others out', () =>
    expect(confusionMatrix([0, 1, 2], [0, 1, 1], { classes: [1, 0] })).toEqual([
      [1, 0],
      [0, 1],
    ]));
});

describe('F1', () => {
  it('micro is the accuracy over all classes', () => expect(microF1([0, 1, 2, 2], [0, 1, 2, 1])).toBeCloseTo(0.75, 14));
  it('micro over some classes', () => expect(microF1([0, 1, 2], [0, 1, 1], { classes: [1, 0] })).toBeCloseTo(0.8, 14));
  it('macro is the plain mean', () => expect(macroF1([0, 1, 2], [0, 1, 1])).toBeCloseTo((1 + 2 / 3) / 3, 14));
});

// The texts were printed by scikit-learn 1.2.1, zero_division=0.
describe('classificationReport', () => {
  it('widens to long names and more digits', () =>
    expect(
      String(
        classificationReport([0, 1, 2, 2, 1, 0, 0, 2], [0, 0, 2, 2, 1, 0, 1, 2], {
          targetNames: ['ant', 'bee', 'a rather long name'],
          digits: 3,
        }),
      ),
    ).toBe(`                    precision    recall  f1-score   support

               ant      0.667     0.667     0.667         3
               bee      0.500     0.500     0.500         2
a rather long name      1.000     1.000     1.000         3

          accuracy                          0.750         8
         macro avg      0.722     0.722     0.722         8
      weighted avg      0.750     0.750     0.750         8
`));

  it('rounds ties to even', () =>
    expect(
      String(classificationReport([...Array(8).fill(0), ...Array(8).fill(1)], [0, 0, 0, 0, 0, ...Array(11).fill(1)])),
    ).toBe(
      `              precision    recall  f1-score   support

           0       1.00      0.62      0.77         8
           1       0.73      1.00      0.84         8

    accuracy                           0.81        16
   macro avg       0.86      0.81      0.81        16
weighted avg       0.86      0.81      0.81        16
`,
    ));

  it('prints a micro average where classes are not the labels that occur', () =>
    expect(String(classificationReport([0, 1, 2], [0, 1, 1], { classes: [0, 1] }))).toBe(
      `              precision    recall  f1-score   support

           0       1.00      1.00      1.00         1
           1       0.50      1.00      0.67         1

   micro avg       0.67      1.00      0.80         2
   macro avg       0.75      1.00      0.83         2
weighted avg       0.75      1.00      0.83         2
`,
    ));

  it('gives zeros for classes that never occur', () => {
    const report = classificationReport([0, 0], [0, 0], { classes: [3, 4] });
    expect(report.weightedAvg).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
    expect(report.toJSON()).not.toHaveProperty('accuracy');
  });

  it('prints supports as floats where no prediction is right', () =>
    expect(String(classificationReport([0, 1], [1, 0]))).toBe(
      `              precision    recall  f1-score   support

           0       0.00      0.00      0.00       1.0
           1       0.00      0.00      0.00       1.0

    accuracy                           0.00       2.0
   macro avg       0.00      0.00      0.00       2.0
weighted avg       0.00      0.00      0.00       2.0
`,
    ));

  it('names each class and gives the dictionary of scikit-learn', () => {
    const report = classificationReport([0, 1, 1], [0, 1, 0], { targetNames: ['no', 'yes'] });
    expect(report.classes[1]).toEqual({ label: 1, name: 'yes', precision: 1, recall: 0.5, f1: 2 / 3, support: 2 });
    expect(report.toJSON().no).toEqual({ precision: 0.5, recall: 1, 'f1-score': 2 / 3, support: 1 });
    expect(report.toJSON().accuracy).toBe(2 / 3);
  });
});

describe('refusals', () => {
  it.each([
    [() => accuracy([0, 1], [0]), 'accuracy: 2 labels but 1 predictions'],
    [() => microF1([], []), 'no samples'],
    [() => accuracy([0], Promise.resolve([0]) as never), 'accuracy: predictions is a Promise, wants an array'],
    [
      () => confusionMatrix({ storage: {} } as never, [0]),
      'labels is a tensor, wants an array of class labels; write await labels.data()',
    ],
    [() => classificationReport(undefined as never, [0]), 'labels is undefined, wants an array'],
    [() => confusionMatrix([0, 0.5], [0, 1]), 'label 1 is 0.5'],
    [() => confusionMatrix([0], [0], { classes: [1, 1] }), 'distinct'],
    [() => classificationReport([0, 1], [0, 3], { targetNames: ['a', 'b'] }), '2 targetNames for 3 classes'],
    [() => classificationReport([0], [0], { digits: -1 }), 'digits -1'],
  ])('%#', (call, message) => expect(call).toThrow(message));
});

interface Case {
  labels: number[];
  predictions: number[];
  class_names: string[];
  confusion_matrix: number[][];
  report: Record<string, Record<string, number> | number>;
  report_text: string;
  micro_f1: number;
}

const shared = fileURLToPath(new URL('../../../shared/reference/cases/metrics.json', import.meta.url));

describe.skipIf(!existsSync(shared))('the reference cases', () => {
  const cases: Case[] = existsSync(shared) ? JSON.parse(readFileSync(shared, 'utf8')).cases : [];
  it.each(cases.map((c, i) => [i, c] as const))('case %i', (_, c) => {
    const classes = c.class_names.length;
    const report = classificationReport(c.labels, c.predictions, { classes, targetNames: c.class_names });
    expect(String(report)).toBe(c.report_text);
    expect(confusionMatrix(c.labels, c.predictions, { classes })).toEqual(c.confusion_matrix);
    expect(Math.abs(microF1(c.labels, c.predictions, { classes }) - c.micro_f1)).toBeLessThanOrEqual(1e-12);
    const got = report.toJSON();
    expect(Object.keys(got)).toEqual(Object.keys(c.report));
    for (const [name, want] of Object.entries(c.report)) {
      const scores = got[name];
      if (typeof want === 'number') expect(Math.abs(Number(scores) - want)).toBeLessThanOrEqual(1e-12);
      else {
        for (const [key, value] of Object.entries(want)) {
          const score = (scores as Record<string, number>)[key] ?? Number.NaN;
          expect(Math.abs(score - value), `${name} ${key}`).toBeLessThanOrEqual(1e-12);
        }
      }
    }
  });
});
