import { describe, expect, it } from 'vitest';
import { only, resolved, synth } from './synth.ts';

interface Widget {
  type: string;
  x: number;
  y: number;
  width: number;
  properties: { title: string; period?: number; metrics?: unknown[][] };
}

const widgetsOf = (options: object): Widget[] => {
  const { DashboardBody } = only(synth(options).fleet, 'AWS::CloudWatch::Dashboard');
  return (JSON.parse(resolved(DashboardBody) as string) as { widgets: Widget[] }).widgets;
};

const TARGET = {
  services: [
    { cluster: 'prod', service: 'api' },
    { cluster: 'prod', service: 'web' },
  ],
  loadBalancer: 'app/prod/0123456789abcdef',
  database: 'prod-db',
  metrics: { queue: { namespace: 'App', metric: 'Depth' } },
};

describe('the dashboard', () => {
  it('shows load, scaling, latency and health in rows with one time axis', () => {
    const widgets = widgetsOf({});
    expect(widgets.map(({ properties }) => properties.title)).toEqual([
      'Load',
      'Scaling of the target',
      'Latency, ms',
      'Health',
      'Alarms',
    ]);
    for (const { x, width } of widgets) expect({ x, width }).toEqual({ x: 0, width: 24 });
    const graphs = widgets.filter(({ type }) => type === 'metric');
    expect(new Set(graphs.map(({ properties }) => properties.period))).toEqual(new Set([60]));
    expect(widgets.map(({ y }) => y)).toEqual([...widgets.map(({ y }) => y)].sort((a, b) => a - b));
  });

  it('shows the target’s own metrics beside ours', () => {
    const text = JSON.stringify(widgetsOf({ target: TARGET }));
    for (const part of ['TargetResponseTime', 'HTTPCode_Target_5XX_Count', 'app/prod/0123456789abcdef', 'prod-db']) {
      expect(text).toContain(part);
    }
    expect(text.match(/CPUUtilization","ClusterName","prod","ServiceName","(api|web)"/g)).toHaveLength(2);
    expect(text).toContain('"App","Depth"');
  });

  it('omits metrics of a target in another account', () => {
    const observerRoleArn = 'arn:aws:iam::210987654321:role/observer';
    expect(JSON.stringify(widgetsOf({ target: { ...TARGET, observerRoleArn } }))).not.toContain('AWS/');
  });
});
