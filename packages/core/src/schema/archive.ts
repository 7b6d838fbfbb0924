/** Milliseconds of a format's `archive`: `late: hours(1)`. */
export const hours = (count: number): number => count * 3_600_000

/** Milliseconds of a format's `archive`: `early: minutes(15)`. */
export const minutes = (count: number): number => count * 60_000

/** Of an archive that declares none: AWS gathers records for 10 minutes, delivers 5 later, and now and then late. */
export const usualMargins = { late: hours(1), early: minutes(15) } as const
