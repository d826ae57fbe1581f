import { cpus } from 'node:os';
import { measureIntake, type Figures, type Shape } from './measure-intake.ts';
import { startBenchStack } from './stack.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const SHAPES: Record<string, Shape> = {
  'batches of 1,000': { requests: 100, recordsEach: 1_000, connections: 8 },
  'batches of 1': { requests: 10_000, recordsEach: 1, connections: 64 },
};

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const whole = (value: number): string => Math.round(value).toLocaleString('en-US').padStart(9);
const ratio = (value: number): string => value.toFixed(2).padStart(5);

function report(name: string, rounds: Figures[]): void {
  const of = (figure: keyof Figures) => median(rounds.map((round) => round[figure]));
  function against(figure: keyof Figures, baseline: keyof Figures) {
    return ratio(median(rounds.map((round) => round[figure] / round[baseline])));
  }
  console.log(`
${name}, median of ${rounds.length} rounds                      records/s   of bare route   of COPY
  acknowledged through HTTP                          ${whole(of('acknowledged'))}           ${against('acknowledged', 'bare')}     ${against('acknowledged', 'copied')}
  stored in the final table                          ${whole(of('stored'))}           ${against('stored', 'bare')}     ${against('stored', 'copied')}
  baseline: bare Fastify route, same bodies          ${whole(of('bare'))}
  baseline: server-side COPY, same rows and table    ${whole(of('copied'))}`);
}

const stack = await startBenchStack();
try {
  console.log(
    `Intake on ${cpus().length} cores, queues in ${stack.queues}, client and servers on one machine.`,
  );
  for (const [name, shape] of Object.entries(SHAPES)) {
    await measureIntake(stack, { ...shape, requests: Math.ceil(shape.requests / 5) });
    const rounds: Figures[] = [];
    while (rounds.length < ROUNDS) rounds.push(await measureIntake(stack, shape));
    report(name, rounds);
  }
} finally {
  await stack.stop();
}
