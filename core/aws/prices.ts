/**
 * AWS list prices in us-east-1, US dollars, without taxes, discounts or free tiers. Prices in other regions differ by a
 * few per cent; the estimate uses these figures everywhere, and says so.
 */

/** When these were last checked. */
export const PRICES_DATE = '2026-11';
export const PRICES_REGION = 'us-east-1';

/**
 * Fargate on Linux, per hour; billed by the second, at least one minute per task, from the start of the image pull. 20 GB
 * of ephemeral storage are included. https://aws.amazon.com/fargate/pricing/
 */
export const FARGATE_PRICE = {
  arm64: { vcpuHour: 0.03238, gbHour: 0.00356 },
  x86_64: { vcpuHour: 0.04048, gbHour: 0.004445 },
} as const;
export const FARGATE_MINIMUM_SECONDS = 60;

/**
 * The price of Fargate Spot varies with supply, "up to 70 %" below On-Demand according to AWS. We assume 60 %, so that the
 * estimate tends to be too high. https://aws.amazon.com/fargate/pricing/
 */
export const SPOT_DISCOUNT = 0.6;

/** A public IPv4 address in use. https://aws.amazon.com/vpc/pricing/ */
export const PUBLIC_IPV4_HOUR = 0.005;

/** S3 Standard, per request; a GET of a missing key costs the same. https://aws.amazon.com/s3/pricing/ */
export const S3_PRICE = { put: 0.005 / 1000, get: 0.0004 / 1000 } as const;

/** arm64. https://aws.amazon.com/lambda/pricing/ */
export const LAMBDA_PRICE = { gbSecond: 0.0000133334, request: 0.2 / 1e6 } as const;

/** Standard workflows. https://aws.amazon.com/step-functions/pricing/ */
export const STATE_TRANSITION = 0.025 / 1000;

/**
 * A custom metric is charged for each hour in which it is written; a month has 730 hours.
 * https://aws.amazon.com/cloudwatch/pricing/
 */
export const CLOUDWATCH_PRICE = {
  metricHour: 0.3 / 730,
  /** PutMetricData and DescribeAlarms, per call. */
  request: 0.01 / 1000,
  /** GetMetricData, per metric requested. */
  metricRequested: 0.01 / 1000,
} as const;
