/** How a part ends that was asked to stop, by Ctrl-C or by SIGTERM before a preemption: `EX_TEMPFAIL`, queue it again. */
export const STOPPED = 75;
