/** The smaller of the candidates that a tuner may choose, on any adapter, against plain loops; `largeCandidates` has the others. */
import { test } from 'vitest';
import { checkCandidate, SMALL } from '../support/candidateChecks.js';
import { named } from '../support/productChecks.js';

test.each(SMALL.map(named))('the candidate %s', async (_, how) => checkCandidate(how));
