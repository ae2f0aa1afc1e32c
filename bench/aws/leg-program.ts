/**
 * A process of its own: the coordinator's Lambda at work. Its argument is the JSON of a Scenario; what it works with is
 * what the Lambda works with, by its environment. Prints the JSON of LegFigures.
 */
import { Coordinator } from '../../core/run/coordinator.ts';
import { dependencies } from '../../lambda/dependencies.ts';
import { planOfLeg, type Scenario } from './leg.ts';
import { type LegFigures, LegMeter } from './leg-meter.ts';

const scenario = JSON.parse(process.argv[2] ?? '') as Scenario;
const { warmUpSeconds, seconds } = scenario;
const { plan, shape } = planOfLeg(scenario);
const { store, fleetOf, metricsSink, clock, compression } = dependencies();

async function main(): Promise<void> {
  const meter = new LegMeter(shape);
  const coordinator = new Coordinator({
    plan,
    store: meter.store(store),
    fleet: fleetOf(plan),
    observer: null,
    metricsSink,
    clock: meter.clock(clock),
    compression: meter.compression(compression),
  });
  const failed = coordinator.run().then(
    () => Promise.reject(new Error('the run has ended too early')),
    (error: Error) => Promise.reject(error),
  );
  const measured = async () => {
    while (meter.startAt === null) await clock.sleep(100);
    await clock.sleep(meter.startAt + warmUpSeconds * 1000 - Date.now());
    return meter.measure(seconds);
  };
  const figures: LegFigures = await Promise.race([measured(), failed]);
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0)); // the run would last an hour
}

main().catch((error: Error) => {
  process.stderr.write(`leg: ${error.stack}\n`, () => process.exit(1));
});
