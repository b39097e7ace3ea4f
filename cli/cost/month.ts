/** A month of AWS's own examples: 730 hours. */
export const MONTH_HOURS = 730;
export const MONTH_SECONDS = MONTH_HOURS * 3600;

export const perMonth = (perSecond: number): number => perSecond * MONTH_SECONDS;
