/** Which answer or delivery a body is: it decides which keys count and what an absent key means. */
export type BodyShape = 'detail' | 'list' | 'webhook'
