package graph

import "github.com/freshet/freshet/pkg/customer"

// aliased adds, behind a user id that is not known yet, the one that a trusted alias has said to be the same person's.
func (p *plan) aliased(s Reader, cands []candidate, userID string) ([]candidate, error) {
	row, ok, err := readAlias(s, p.said.Workspace, userID)
	if err != nil || !ok {
		return cands, err
	}
	c, err := p.candidate(s, row.target)
	c.alias, c.of = trusted, userID
	return p.add(cands, c), err
}

// previous adds what an alias names: see the package comment. Only an alias of a user id can name another one.
func (p *plan) previous(s Reader, cands []candidate) ([]candidate, error) {
	user, err := p.candidate(s, Identifier{Type: customer.TypeUserID, Value: p.said.Previous})
	if err != nil {
		return nil, err
	}
	anonymous, err := p.candidate(s, Identifier{Type: customer.TypeAnonymousID, Value: p.said.Previous})
	if err != nil {
		return nil, err
	}
	first := cands[0].Identifier
	if unique(first.Type) && first != user.Identifier {
		if cands, err = p.previousUser(s, cands, user); err != nil {
			return nil, err
		}
	}
	if anonymous.known || !user.known {
		cands = p.add(cands, anonymous)
	}
	return cands, nil
}

// previousUser adds the user id that an alias names, and what was said of it before.
func (p *plan) previousUser(s Reader, cands []candidate, user candidate) ([]candidate, error) {
	first := cands[0].Identifier
	user.alias, user.of = untrusted, first.Value
	if !p.said.Trusted {
		if user.known {
			cands = p.add(cands, user)
		}
		return cands, nil
	}
	user.alias = trusted
	if user.known {
		cands = p.add(cands, user)
	}
	row, said, err := readAlias(s, p.said.Workspace, p.said.Previous)
	if err != nil {
		return nil, err
	}
	if p.remember = !said; said && row.target != first {
		c, err := p.candidate(s, row.target)
		if err != nil {
			return nil, err
		}
		c.alias, c.of = trusted, first.Value
		cands = p.add(cands, c)
	}
	return cands, nil
}
