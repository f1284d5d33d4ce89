/** Which program this is; the same number stands in package.json (a test compares them). */
export const toolVersion = '0.1.0'
