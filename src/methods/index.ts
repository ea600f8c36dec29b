/**
 * kindling/methods: the types of tensors' methods. The methods themselves, `x.tanh()`, `x.argmax({ dim: 1 })` and so on, are
 * there without any import; this entry stays for programs that name it.
 */
export type { Methods, MethodsOf } from '../autograd/methods.js';
