/** Which of the limits refused a call. */
export type LimitName = 'in-flight' | 'minute' | 'day'
