// Package repurchase says when something is used up: each item's, each category's and each customer's own cycle of buying again.
//
// Learning. A gap is the time between two purchases of one item by one customer; purchases less than a day apart are one. Gaps are skewed to the right, so all is done with g = ln(days).
// Of an item with n gaps, and of what stands above it (its category; of a category, the shop), with S = Options.Shrink:
//
//	mu     = (n median(g) + S mu_above) / (n + S)                                the cycle is exp(mu) days
//	sigma2 = (n (1.4826 median|g - median(g)|)^2 + S sigma2_above) / (n + S)
//	again  = (n + S again_above) / (n + buyers + S)                              another purchase follows
//
// Medians, not means: one customer who comes back after a year moves nothing (1.4826 makes the median deviation of a normal distribution its standard deviation: Rousseeuw and
// Croux, JASA 1993). The shrinkage is that of a normal mean with S earlier observations (Efron and Morris, "Data Analysis Using Stein's Estimator", JASA 1975).
// Gaps longer than the history cannot be seen, so cycles of about its length are told too short; and who will buy again later counts in `again` as one who does not. More history mends both.
//
// Asking. What a customer bought and kept gives m gaps of his own, which count the same way with Config.Own in place of S, and `again` = (m + Own again) / (m + Own). With F the log-normal
// distribution of (mu, sigma), t the days since he bought it last, and h = Config.HorizonDays:
//
//	score = again (F(t + h) - F(t)) / (1 - again F(t))
//
// which is the probability that he buys it within h days, of a renewal where some never come back (the mixture cure model of Boag, "Maximum Likelihood Estimates of the
// Proportion of Patients Cured by Cancer Therapy", JRSS B 1949). Of cycles longer than h it rises while the time draws near; it always falls when it is long past: he has it from elsewhere. The item is due from Config.Near of
// exp(mu) on, where it scores Config.MinScore or more.
//
// Example: 30 days, sigma .5, again .6, asked with h 30: .43 on day 10, .36 on day 30, .0007 on day 150 (TestScore).
//
// Invariants, each with its test:
//   - Learn is a pure function of the purchases, whatever their order, and its numbers are those of the formulas (TestLearnIsWhatTheFormulasSay);
//   - what is encoded and decoded says the same (TestTheFileSaysTheSame), what is no file of cycles is refused (FuzzDecode);
//   - without consent nothing is due (TestDue); the list keeps ask.Source's promises (TestDueKeepsItsPromises).
package repurchase
