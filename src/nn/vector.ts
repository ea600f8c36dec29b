/** Parameters as one vector: for line searches, averages, and what else treats a model as a point. */
import { refuse } from '../gpu/errors.js';
import { atMost, itemsOf, wantTensor } from '../gpu/options.js';
import { reshape } from '../ops/broadcast.js';
import { cat, narrow } from '../ops/parts.js';
import { flatten } from '../ops/shape.js';
import { noGrad } from '../tensor/remember.js';
import { show } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * All entries of the parameters, one after the other: [sum of their sizes]. Gradients pass through.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
 */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  atMost('parametersToVector', 1, arguments);
  const given = itemsOf('parametersToVector', 'parameters', parameters, 'parametersToVector(model.parameters())');
  if (given.length === 0) refuse('parametersToVector: there are no parameters');
  return cat(given.map((parameter) => flatten(parameter)));
}

/**
 * Writes a vector's entries into the parameters, in the order of {@link parametersToVector}. They are copied: the vector may
 * change afterwards.
 *
 * @throws KindlingError where the vector has not as many entries as the parameters; nothing is written then
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html
 */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  atMost('vectorToParameters', 2, arguments);
  wantTensor('vectorToParameters', 'vector', vector);
  const how = 'vectorToParameters(vector, model.parameters())';
  const given = itemsOf('vectorToParameters', 'parameters', parameters, how);
  const size = given.reduce((sum, parameter) => sum + parameter.size, 0);
  if (vector.ndim !== 1 || vector.size !== size) {
    refuse(`vectorToParameters: the parameters have ${size} entries, the vector is ${show(vector.shape)}`);
  }
  let from = 0;
  noGrad(() => {
    for (const parameter of given) {
      parameter.copy_(reshape(narrow(vector, 0, from, parameter.size), parameter.shape));
      from += parameter.size;
    }
  });
}
