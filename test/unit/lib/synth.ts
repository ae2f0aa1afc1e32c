/** The app's templates, synthesized as by `npx cdk`, with cdk.json's context. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll } from 'vitest';
import { StackInfo } from '../../../core/contract/stack.ts';
import { PACKAGE_ROOT } from '../../../lib/assets.ts';
import { makeStacks } from '../../../lib/fleet-stack.ts';
import { buildBundles } from '../../../scripts/build-bundles.mjs';

// The stack's functions are assets in dist/. Templates depend only on their presence, so they may be stale.
const missingBundles = ['lambda/coordinator/index', 'lambda/stopper/index'].filter(
  (name) => !existsSync(join(PACKAGE_ROOT, 'dist', `${name}.mjs`)),
);
if (missingBundles.length > 0) await buildBundles(missingBundles);

export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
}

export const cdkJson = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'cdk.json'), 'utf8')) as {
  context: Record<string, unknown>;
};

/** The folder of this process's cloud assemblies. */
export const OUT = mkdtempSync(join(tmpdir(), 'k6-fleet-synth-'));
afterAll(() => rmSync(OUT, { recursive: true, force: true }));

/** An app with options as in cdk.json, and flags as given by -c. */
export const newApp = (options: object = {}, flags: Record<string, unknown> = {}): App => {
  return new App({
    outdir: mkdtempSync(join(OUT, 'app-')),
    context: { ...cdkJson.context, 'aws:cdk:bundling-stacks': [], 'k6-fleet': options, ...flags },
  });
};

/** Existing images, so that their sources are not staged. */
const IMAGES = { image: 'registry.example/task:1', demoImage: 'registry.example/demo:1' };

const made = new Map<string, { fleet: Template; demo: Template | null }>();

/** The templates of a configuration; the same object for the same configuration. */
export function synth(options: object = {}): { fleet: Template; demo: Template | null } {
  const key = JSON.stringify(options);
  const known = made.get(key);
  if (known) return known;
  const { fleet, demoTarget } = makeStacks(newApp({ ...IMAGES, ...options }));
  const templates = { fleet: Template.fromStack(fleet), demo: demoTarget && Template.fromStack(demoTarget) };
  made.set(key, templates);
  return templates;
}

export const resourcesOf = (template: Template): Record<string, Resource> =>
  template.toJSON().Resources as Record<string, Resource>;

/** The properties of the only resource of a type. */
export function only(template: Template, type: string): Record<string, unknown> {
  const found = Object.values(template.findResources(type));
  if (found.length !== 1) throw new Error(`there are ${found.length} of ${type}`);
  return (found[0] as Resource).Properties;
}

const SAMPLES: Record<string, string> = {
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** A value as CloudFormation would resolve it; a reference to a resource becomes `<Id>` or `<Id.Attribute>`. */
export function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Record<string, unknown>;
  if (typeof object.Ref === 'string') return SAMPLES[object.Ref] ?? `<${object.Ref}>`;
  if (object['Fn::GetAtt']) return `<${(object['Fn::GetAtt'] as string[]).join('.')}>`;
  if (object['Fn::ImportValue']) return `<${resolved(object['Fn::ImportValue'])}>`;
  if (object['Fn::Join']) {
    const [separator, parts] = object['Fn::Join'] as [string, unknown[]];
    return parts.map(resolved).join(separator);
  }
  // CDK splits a state machine's name off its ARN.
  if (object['Fn::Select']) {
    const [index, list] = object['Fn::Select'] as [number, unknown];
    const parts = resolved(list);
    return Array.isArray(parts) ? (parts[index] ?? '<part>') : '<part>';
  }
  if (object['Fn::Split']) {
    const [separator, text] = object['Fn::Split'] as [string, unknown];
    return String(resolved(text)).split(separator);
  }
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, resolved(inner)]));
}

/** A stack's output, with its tokens resolved. */
export const outputOf = (template: Template, name: string): string =>
  resolved((template.toJSON().Outputs as Record<string, { Value: unknown }>)[name]?.Value) as string;

/** What the CLI reads. */
export const infoOf = (template: Template): StackInfo => StackInfo.parse(JSON.parse(outputOf(template, 'Info')));
