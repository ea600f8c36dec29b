/** A run as a program. Loaded when the reader asks for one. */
import { pytorchProgram } from './pytorch.js';
import { typescriptProgram } from './typescript.js';
import { fileOf, type Wanted } from './what.js';

export type Language = 'typescript' | 'pytorch';

export function programOf(wanted: Wanted, language: Language): { name: string; text: string } {
  if (language === 'pytorch') return { name: fileOf(wanted, 'py'), text: pytorchProgram(wanted) };
  return { name: fileOf(wanted, 'mts'), text: typescriptProgram(wanted) };
}
