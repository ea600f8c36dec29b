/** Loaded before a program: its clock runs a hundred times as fast, so that a checkpoint every 30 seconds is one every 0.3. */
const now = performance.now.bind(performance);
performance.now = () => 100 * now();
