/** What holds data, or leads to it, outlives its stack. */
import { RemovalPolicy } from 'aws-cdk-lib/core';

/**
 * Kept when it is removed, replaced or its stack deleted. The exception is the deployment that makes it: when that one
 * fails, nothing is in it yet, and left behind it would have the name that the next attempt needs.
 */
export const KEPT = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
