#!/usr/bin/env bash
# One part of the study a task of an array:
#
#   sbatch --array=0-7 examples/cifar/cluster/slurm.sh --preset full --data /shared/cifar --out /shared/study
#
# A part that is stopped before its end (a preemption, the time limit, scancel --signal=TERM) saves, is queued again and goes
# on. To queue some of eight parts anew: sbatch --array=2,5 --export=ALL,PARTS=8 … with the same words.
#SBATCH --job-name=kindling-study
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --requeue
#SBATCH --open-mode=append
# Two minutes before the time limit the step is told to stop.
#SBATCH --signal=TERM@120
set -uo pipefail
cd "${SLURM_SUBMIT_DIR:?to be run by sbatch, from the folder of package.json}" || exit

# The program itself, as a step: signals reach it, which npm would stand before.
srun node --import tsx examples/cifar/main.ts --shard "auto${PARTS:+/$PARTS}" "$@"
code=$?
if ((code == 75)); then
  echo 'stopped and saved: queued again'
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
fi
exit "$code"
