/** Scores of classifiers, with scikit-learn's definitions and text. */
export {
  accuracy,
  type ClassOptions,
  confusionMatrix,
  type Labels,
  macroF1,
  microF1,
  type Scores,
} from './classification.js';
export * from './report.js';
